package fit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/adapters/lora/gguf"
)

// info is a file's keys as JSON carries them.
func info(t testing.TB, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// What llama.cpp logs of models that everybody has.
func TestFromInfo(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name, info     string
		cache, scratch float64 // MiB
	}{
		{"Llama 3 8B", `{"general.architecture": "llama", "llama.block_count": 32, "llama.embedding_length": 4096, "llama.attention.head_count": 32,
			"llama.attention.head_count_kv": 8, "llama.context_length": 8192, "llama.vocab_size": 128256}`, 1024, 258.5},
		{"Qwen 2.5 7B", `{"general.architecture": "qwen2", "qwen2.block_count": 28, "qwen2.embedding_length": 3584, "qwen2.attention.head_count": 28,
			"qwen2.attention.head_count_kv": 4, "qwen2.context_length": 32768, "qwen2.vocab_size": 152064}`, 448, 304},
		// A head that is longer than width / heads: 36 layers of 8 heads of 128.
		{"Qwen 3 8B", `{"general.architecture": "qwen3", "qwen3.block_count": 36, "qwen3.embedding_length": 4096, "qwen3.attention.head_count": 32,
			"qwen3.attention.head_count_kv": 8, "qwen3.attention.key_length": 128, "qwen3.attention.value_length": 128, "qwen3.vocab_size": 151936}`, 1152, 304.75},
		// Two of four layers keep no keys; a list says so.
		{"hybrid", `{"general.architecture": "h", "h.block_count": 4, "h.embedding_length": 1024, "h.attention.head_count": 8,
			"h.attention.head_count_kv": [0, 4, 0, 4], "h.vocab_size": 1000}`, 32, 3.95},
		// The list is left out: every head may keep some.
		{"long list", `{"general.architecture": "h", "h.block_count": 4, "h.embedding_length": 1024, "h.attention.head_count": 8,
			"h.attention.head_count_kv": [], "h.vocab_size": 1000}`, 128, 3.95},
	} {
		m, ok := FromInfo(tt.name, 5_000_000_000, info(t, tt.info), 8192)
		if c, s := float64(m.Cache)/mib, float64(m.Scratch)/mib; !ok || c != tt.cache || s < tt.scratch-0.1 || s > tt.scratch+0.1 {
			t.Errorf("%s: %.2f MiB of cache and %.2f to compute, want %v and %v", tt.name, c, s, tt.cache, tt.scratch)
		}
	}
}

func TestFromInfoOfNonsense(t *testing.T) {
	for _, text := range []string{`{}`, `{"general.architecture": 7}`, `{"general.architecture": "llama", "llama.block_count": -3}`,
		`{"general.architecture": "llama", "llama.block_count": 1e300, "llama.embedding_length": 1e300, "llama.attention.head_count": 1}`,
		`{"general.architecture": "llama", "llama.block_count": "32", "llama.embedding_length": [], "llama.attention.head_count": null}`} {
		if m, ok := FromInfo("x", 1, info(t, text), 8192); ok || m.Need() < 0 {
			t.Errorf("%s: %v", text, m)
		}
	}
}

func FuzzFromInfo(f *testing.F) {
	f.Add(`{"general.architecture": "llama", "llama.block_count": 32, "llama.embedding_length": 4096, "llama.attention.head_count": 32}`, int64(1), 8192)
	f.Fuzz(func(t *testing.T, text string, size int64, context int) {
		var keys map[string]any
		if json.Unmarshal([]byte(text), &keys) != nil {
			return
		}
		if m, ok := FromInfo("x", size%(1<<50), keys, context%(1<<24)); ok && (m.Cache < 0 || m.Scratch < 0 || m.Need() <= 0) {
			t.Errorf("%+v", m)
		}
	})
}

// A real file: its tensors are its weights, and its keys say what it needs.
func TestFromFile(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	files, _ := filepath.Glob(filepath.Join(shared, "data", "models", "*.gguf"))
	if shared == "" || len(files) == 0 {
		t.Skip("no model file in TILGATE_SHARED")
	}
	for _, path := range files {
		g, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		keys := map[string]any{}
		for _, k := range g.Keys {
			keys[k.Name] = k.Value
		}
		arch, ok := keys["general.architecture"].(string)
		layers, isNumber := keys[arch+".block_count"].(uint32)
		if !ok || !isNumber {
			continue // a LoRA
		}
		text, err := json.Marshal(keys)
		if err != nil {
			t.Fatal(err)
		}
		var weights int64
		for _, tensor := range g.Tensors {
			weights += tensor.Size()
		}
		stat, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		m, ok := FromInfo(path, stat.Size(), info(t, string(text)), 1024)
		if !ok || m.Weights < weights || float64(m.Weights) > 1.2*float64(weights)+8e6 {
			t.Errorf("%s: %d bytes of weights for tensors of %d", path, m.Weights, weights)
		}
		// By the tensors themselves: what a layer makes of a token is as wide as
		// its K and V.
		var perToken int64
		for i := range layers {
			for _, part := range []string{"attn_k", "attn_v"} {
				tensor, ok := g.Tensor("blk." + string(rune('0'+i)) + "." + part + ".weight")
				if !ok {
					t.Fatalf("%s has no %s in layer %d", path, part, i)
				}
				perToken += int64(tensor.Dims[1]) * cacheBytes
			}
		}
		if m.Cache != 1024*perToken {
			t.Errorf("%s: %d bytes of cache, its tensors say %d", path, m.Cache, 1024*perToken)
		}
	}
}

func TestFromName(t *testing.T) {
	for _, tt := range []struct {
		name string
		gb   float64 // of weights; 0 if the name does not say
	}{
		{"qwen3:8b", 4.9}, {"qwen3:0.6b", 0.37}, {"llama3.1:70b-instruct-q8_0", 75}, {"gemma3n:e4b", 2.45}, {"mixtral:8x7b", 34},
		{"qwen3:30b-a3b", 18.4}, {"Qwen/Qwen3-8B", 16}, {"Qwen/Qwen3-8B-AWQ", 4.9}, {"meta-llama/Llama-3.2-3B-Instruct", 6}, {"smollm:135m", 0.083},
		{"qwen3:latest", 0}, {"phi3:mini", 0}, {"", 0}, {"b", 0}, {"0b", 0}, {"bge-m3", 0}, {"gpt-4o-mini", 0},
	} {
		m, ok := FromName(tt.name, 8192)
		if gb := float64(m.Weights) / 1e9; ok != (tt.gb > 0) || gb < tt.gb*0.97 || gb > tt.gb*1.03 || ok && !m.Estimated {
			t.Errorf("%s: %.2f GB, %v; want about %v", tt.name, gb, ok, tt.gb)
		}
	}
}

func FuzzFromName(f *testing.F) {
	f.Add("qwen3:8b", 8192)
	f.Fuzz(func(t *testing.T, name string, context int) {
		if m, ok := FromName(name, context%(1<<24)); ok && m.Need() <= 0 {
			t.Errorf("%q: %+v", name, m)
		}
	})
}

func TestHoldsAndSuggest(t *testing.T) {
	const gb = 1e9
	for _, tt := range []struct {
		m       Machine
		place   Place // of 8 GB
		suggest string
	}{
		{Machine{Memory: 4 * gb}, No, "qwen3:0.6b"},
		{Machine{Memory: 8 * gb}, No, "qwen3:4b"},
		{Machine{Memory: 64 * gb}, InMemory, "qwen3:8b"}, // larger ones are too slow there,
		{Machine{Memory: 64 * gb, Limit: 6 * gb}, No, "qwen3:4b"},
		{Machine{Memory: 16 * gb, GPU: 6 * gb}, InPart, "qwen3:8b"},
		{Machine{Memory: 16 * gb, GPU: 80 * gb}, OnGPU, "qwen3:32b"},
		{Machine{}, Unknown, "qwen3:8b"},
		{Machine{Memory: 2 * gb}, No, ""},
	} {
		if got := tt.m.Holds(Model{Weights: 8 * gb}); got != tt.place {
			t.Errorf("%v: 8 GB: %v, want %v", tt.m, got, tt.place)
		}
		if got, _ := Suggest(tt.m, 8192); got.Name != tt.suggest {
			t.Errorf("%v: %q, want %q", tt.m, got.Name, tt.suggest)
		}
	}
}

func TestReadMachine(t *testing.T) {
	const meminfo = "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   9000000 kB\nGarbage\nMemX: x kB\n"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		want  Machine
	}{
		{"nothing is told", nil, Machine{}},
		{"no limit", fstest.MapFS{"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/user.slice\n"), "sys/fs/cgroup/user.slice/memory.max": file("max\n")},
			Machine{Memory: 16000000 << 10, Free: 9000000 << 10}},
		{"a limit above counts too", fstest.MapFS{"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("max\n"), "sys/fs/cgroup/a/memory.max": file("4000000000\n")},
			Machine{Memory: 16000000 << 10, Free: 9000000 << 10, Limit: 4000000000}},
		{"a container's own root", fstest.MapFS{"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("2000000000\n")},
			Machine{Memory: 16000000 << 10, Free: 9000000 << 10, Limit: 2000000000}},
		{"control groups of before", fstest.MapFS{"proc/meminfo": file(meminfo), "proc/self/cgroup": file("4:memory:/docker/1\n1:cpu:/\n0::/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"), "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": file("3000000000\n")},
			Machine{Memory: 16000000 << 10, Free: 9000000 << 10, Limit: 3000000000}},
	} {
		if got := ReadMachine(tt.files); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestAddGPUs(t *testing.T) {
	var m Machine
	if err := m.AddGPUs("NVIDIA H100 80GB HBM3, 81559\nNVIDIA H100 80GB HBM3, 81559\n"); err != nil || m.GPU != 2*81559<<20 || m.GPUName != "2 GPUs (NVIDIA H100 80GB HBM3)" {
		t.Errorf("%+v, %v", m, err)
	}
	m = Machine{}
	if err := m.AddGPUs("NVIDIA GB10, [N/A]\n"); err != nil || m.GPU != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	if err := m.AddGPUs("NVIDIA-SMI has failed because it could not communicate with the driver."); err == nil {
		t.Error("a complaint is no list")
	}
	if s := (Machine{Memory: 16e9, Limit: 4e9}).String(); !strings.Contains(s, "allows 4.0 GB") {
		t.Error(s)
	}
}
