package lora

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOpenPEFT(t *testing.T) {
	dir := newAdapter(tiny, kinds["rsLoRA"]).write(t)
	w := open(t, dir)
	if w.Format != "peft" || w.Base != "somebody/tiny" || w.Arch != "" || w.Rank != 8 || w.Alpha != 16 || !w.RSLoRA || w.Layers != 2 ||
		w.Licence != "apache-2.0" || !slices.Equal(w.Modules, []string{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}) {
		t.Errorf("%+v", w)
	}
	sums := exec.Command("sh", "-c", "sha256sum adapter_config.json adapter_model.safetensors | sha256sum")
	sums.Dir = dir
	if out, err := sums.Output(); err != nil {
		t.Logf("no sha256sum here: %v", err)
	} else if got := strings.Fields(string(out))[0]; got != w.SHA256 {
		t.Errorf("SHA256 = %s, sha256sum says %s", w.SHA256, got)
	}
}

// The folder that another program wrote.
func TestOpenAnothersPEFT(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED says where peft1 is; it is not set")
	}
	w := open(t, filepath.Join(shared, "data/models/peft1"))
	base := openBase(t, filepath.Join(shared, "data/models/tiny.gguf"))
	if err := w.Check(base.Shape()); err != nil || w.Rank != 8 || len(w.pairs) != 14 {
		t.Errorf("rank %d, %d pairs, %v", w.Rank, len(w.pairs), err)
	}
	g := open(t, filepath.Join(shared, "data/models/lora1.gguf"))
	if err := g.Check(base.Shape()); err != nil || g.Rank != 8 || len(g.pairs) != 14 {
		t.Errorf("rank %d, %d pairs, %v", g.Rank, len(g.pairs), err)
	}
	data, err := os.ReadFile(filepath.Join(shared, "data/models/lora1.gguf"))
	if want := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || g.SHA256 != want {
		t.Errorf("SHA256 = %s, want %s, %v", g.SHA256, want, err)
	}
}

// Each thing in adapter_config.json that would go wrong in silence is refused
// by name.
func TestConfigFaults(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any
		want  string // "" if it is fine
	}{
		{"use_dora", true, "use_dora: this is a DoRA"},
		{"use_dora", false, ""},
		{"use_qalora", true, "use_qalora"},
		{"bias", "all", `bias: "all"`},
		{"bias", "lora_only", `bias: "lora_only"`},
		{"lora_bias", true, "lora_bias"},
		{"modules_to_save", []string{"lm_head", "embed_tokens"}, "kind full_model"},
		{"modules_to_save", []string{}, ""},
		{"trainable_token_indices", []int{1, 2}, "vocabulary"},
		{"trainable_token_indices", map[string][]int{"embed_tokens": {1}}, "vocabulary"},
		{"target_parameters", []string{"mlp.experts.gate_up_proj"}, "mixture"},
		{"layer_replication", [][]int{{0, 4}, {2, 5}}, "layer_replication"},
		{"layer_replication", nil, ""},
		{"alora_invocation_tokens", []int{5}, "aLoRA"},
		{"fan_in_fan_out", true, "fan_in_fan_out"},
		{"peft_type", "IA3", `"IA3" is not LORA`},
		{"task_type", "SEQ_CLS", "does not write text"},
		{"task_type", nil, ""},
		{"init_lora_weights", "pissa_niter_4", "path_initial_model_for_weight_conversion"},
		{"init_lora_weights", "olora", "changing the base"},
		{"init_lora_weights", "gaussian", ""},
		{"r", 4, "of rank 8, but adapter_config.json says 4"},
		{"r", 0, "r: 0 is no rank"},
		{"r", "8", "peftConfig.r"},
		{"lora_alpha", 0, "lora_alpha: 0 is not in 1e-06..1e+06"},
		{"lora_alpha", 1e300, "lora_alpha"},
		{"rank_pattern", map[string]int{"q_proj": 4}, "self_attn.q_proj and 1 more: is of rank 8"},
		{"rank_pattern", map[string]int{"q_proj": -1}, "has the rank -1"},
		{"rank_pattern", map[string]int{"(": 8}, "cannot be read as a pattern"},
		{"rank_pattern", map[string]int{"nothing": 4}, ""},
		{"alpha_pattern", map[string]int{"q_proj": 8, `.*\.0\.self_attn\.q_proj`: 9}, "both match, and disagree"},
		{"alpha_pattern", map[string]int{"q_proj": 0}, "alpha_pattern"},
		{"target_modules", "all-linear", ""},
		{"target_modules", `.*\.(self_attn|mlp)\.\w+_proj`, ""},
		{"target_modules", `.*\.self_attn\.\w+_proj`, "gate_proj and 5 more: target_modules leaves this module out"},
		{"target_modules", `(?=a lookahead).*`, ""}, // Python's, not ours
		{"target_modules", []string{"q_proj", "not_here"}, ""},
		{"layers_to_transform", []int{0, 1}, ""},
		{"layers_to_transform", []int{0}, "layers.1.self_attn.q_proj and 6 more: layers_to_transform leaves this layer out"},
		{"layers_to_transform", 1, "layers.0.self_attn.q_proj and 6 more: layers_to_transform"},
	} {
		w, err := Open(newAdapter(tiny, func(l *adapter) { l.config[tt.key] = tt.value }).write(t))
		if err == nil {
			w.Close()
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s = %v: error %v does not say %q", tt.key, tt.value, err, tt.want)
		}
	}
}

// All faults come at once.
func TestConfigFaultsTogether(t *testing.T) {
	_, err := Open(newAdapter(tiny, func(l *adapter) {
		l.config["use_dora"], l.config["bias"], l.config["modules_to_save"] = true, "all", []string{"lm_head"}
	}).write(t))
	for _, want := range []string{"reading LoRA", configFile, "use_dora", "bias", "modules_to_save"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %s", err, want)
		}
	}
}

// rename changes a name inside a folder's tensors.
func rename(t *testing.T, dir, old, new string) {
	t.Helper()
	path := filepath.Join(dir, weightsFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 8 + int(data[0]) + int(data[1])<<8
	header := strings.ReplaceAll(string(data[8:n]), old, new)
	if err := os.WriteFile(path, safetensorsFile(header, data[n:]), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTensorNames(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"lora_A.weight", "lora_A.default.weight", ""},
		{"base_model.model.model.layers", "base_model.model.model.language_model.layers", ""},
		{"1.self_attn.q_proj.lora_A.weight", "1.self_attn.q_proj.lora_magnitude_vector", "DoRA"},
		{"model.layers.1.self_attn.q_proj.lora_A.weight", "model.embed_tokens.lora_embedding_A", "vocabulary"},
		{"model.layers.1.self_attn.q_proj.lora_A.weight", "lm_head.lora_A.weight", "kind full_model"},
		{"self_attn.q_proj", "self_attn.qkv_proj", "fused"},
		{"mlp.up_proj", "mlp.gate_up_proj", "fused"},
		{"mlp.up_proj", "block_sparse_moe.experts.0.w1", "mixture"},
		{"1.mlp.up_proj.lora_B.weight", "1.mlp.up_proj.lora_B.bias", "trained bias"},
		{"base_model.model.model.layers", "base_model.model.vision_tower.layers", "sees or hears"},
		{"self_attn.q_proj", "mlp.q_proj", "is no lora_A or lora_B"},
		{"layers.1.", "layers.-1.", "is no lora_A or lora_B"},
		{"layers.1.", "layers.99999.", "is no lora_A or lora_B"},
		{"1.self_attn.q_proj.lora_A", "7.self_attn.q_proj.lora_A", "layer 7, q_proj: A is there without its B"},
		{"1.self_attn.q_proj.lora_A.weight", "0.self_attn.q_proj.lora_A.default.weight", "twice"},
		{"1.self_attn.q_proj.lora_A.weight", "0.self_attn.q_proj.lora_A.weight", "stands there twice"},
		{"[8,64]", "[64,8]", "A is of rank 64, B of rank 8"},
		{"[8,64]", "[512]", "a matrix is needed"},
		{"[8,64]", "[8,8,8]", "a matrix is needed"},
	} {
		dir := newAdapter(tiny, nil).write(t)
		rename(t, dir, tt.old, tt.new)
		w, err := Open(dir)
		if err == nil {
			w.Close()
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v does not say %q", tt.new, err, tt.want)
		}
	}
}

// A module that was trained, and whose tensors did not make it into the file.
func TestMissingModule(t *testing.T) {
	l := newAdapter(tiny, func(l *adapter) { l.config["target_modules"] = []string{"q_proj", "v_proj"} })
	var s safetensors
	s.add("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "F32", l.a["0.q_proj"], 8, 64)
	s.add("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", "F32", l.b["0.q_proj"], 64, 8)
	dir := l.write(t)
	if err := os.WriteFile(filepath.Join(dir, weightsFile), s.file(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "v_proj was adapted, but its tensors are missing") {
		t.Error(err)
	}
}

func TestOpenNothing(t *testing.T) {
	pickled, empty, halfway := t.TempDir(), t.TempDir(), t.TempDir()
	config, _ := json.Marshal(newAdapter(tiny, nil).config)
	for path, data := range map[string][]byte{
		filepath.Join(pickled, configFile): config, filepath.Join(pickled, "adapter_model.bin"): []byte("PK"), filepath.Join(halfway, configFile): config} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		pickled: "may run code", empty: configFile, halfway: weightsFile, "/dev/null": "is not a file", "/nowhere": "no such file",
		writeFile(t, "x", []byte("PK\x03\x04")):                                                 "no GGUF file",
		writeFile(t, "base.gguf", newModel(tiny, 0).file(t)):                                    `general.type: is ""`,
		writeFile(t, "empty.gguf", append([]byte("GGUF\x03\x00\x00\x00"), make([]byte, 16)...)): "adapter.lora.alpha",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%s): error %v does not say %q", path, err, want)
		}
	}
}

// safetensors lies, each without data unless it says how much.
var lies = []struct {
	name   string
	header string
	data   int
	want   string
}{
	{"not JSON", `{`, 0, "header"},
	{"a list", `[]`, 0, "no JSON object"},
	{"goes on", `{}{}`, 0, "goes on after its end"},
	{"a name twice", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, "twice"},
	{"no offsets", `{"a":{"dtype":"F32","shape":[4]}}`, 16, "takes 16 bytes"},
	{"F64", `{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 8, `"F64"`},
	{"F8", `{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}`, 8, `"F8_E4M3"`},
	{"2^60 values", `{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}`, 8, "the file at 8"},
	{"2^64 values", `{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 8, "not possible"},
	{"negative", `{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4, "cannot unmarshal"},
	{"backwards", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4, "lies at 4…0"},
	{"too small for its shape", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4, "takes 8 bytes"},
	{"past the end", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4, "the file at 4"},
	{"one over the other", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12, "the one before ends at 8"},
	{"a hole", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, "ends at 0"},
	{"more than tensors", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 400, "belong to no tensor"},
	{"deep", `{"a":` + strings.Repeat("[", 20000) + `}`, 0, "depth"},
	{"metadata that is none", `{"__metadata__":{"a":[1]}}`, 0, "__metadata__"},
}

func TestSafetensorsLies(t *testing.T) {
	for _, tt := range lies {
		file := safetensorsFile(tt.header, make([]byte, tt.data))
		if _, err := readSafetensors(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
		}
	}
	for _, file := range [][]byte{nil, make([]byte, 7), {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'}, {100, 0, 0, 0, 0, 0, 0, 0, '{', '}'}} {
		if _, err := readSafetensors(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), "is not a safetensors file") {
			t.Errorf("% x: %v", file, err)
		}
	}
}

// fuzzed opens a folder of any content, and does with it what can be done.
func fuzzed(t *testing.T, config, weights []byte) {
	c, err := parseConfig(config)
	if err != nil {
		return
	}
	in := bytes.NewReader(weights)
	tensors, err := readSafetensors(in, int64(len(weights)))
	if err != nil {
		return
	}
	w, err := assemblePEFT(c, tensors, in)
	if err != nil {
		return
	}
	var b bytes.Buffer
	s := tiny
	s.Layers = w.Layers
	if err := w.WriteGGUF(&b, s); err == nil {
		path := filepath.Join(t.TempDir(), "lora.gguf")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := Open(path); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		} else if again.Close(); again.Rank != w.Rank || again.Layers != w.Layers || !slices.Equal(again.Modules, w.Modules) {
			t.Errorf("%+v became %+v", w, again)
		}
	}
}

func FuzzPEFT(f *testing.F) {
	l := newAdapter(tiny, func(l *adapter) { l.config["r"], l.rank = 1, func(string) int { return 1 } })
	for _, x := range modules[1:] { // the smaller a seed is, the further fuzzing gets
		for layer := range 2 {
			delete(l.a, at(layer, x.peft))
		}
	}
	config, _ := json.Marshal(l.config)
	var s safetensors
	s.add("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "F32", l.a["0.q_proj"], 1, 64)
	s.add("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", "F32", l.b["0.q_proj"], 64, 1)
	whole := s.file()
	f.Add([]byte(`{"peft_type":"LORA","r":1,"lora_alpha":2}`), whole)
	f.Add(config, whole[:len(whole)-9])
	for _, l := range lies {
		if len(l.header) < 1000 {
			f.Add(config, safetensorsFile(l.header, make([]byte, l.data)))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		config, _ := json.Marshal(newAdapter(tiny, kinds[kind]).config)
		f.Add(config, whole)
	}
	f.Fuzz(fuzzed)
}
