package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/adapters/lora/gguf"
	"tilgate/serving/ollama/ollamatest"
)

// An adapterHouse is a folder with a configuration, in which commands run.
type adapterHouse struct {
	t           *testing.T
	dir, config string
}

func newAdapterHouse(t *testing.T, server string) adapterHouse {
	t.Helper()
	h := adapterHouse{t: t, dir: t.TempDir()}
	h.config = h.write("tilgate.toml", fmt.Appendf(nil, "adapters = %q\n[ollama]\nurl = %q\nnum_ctx = %d\n", filepath.Join(h.dir, "adapters"), server, ollamatest.NumCtx))
	return h
}

func (h adapterHouse) write(name string, data []byte) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

func (h adapterHouse) lora(name string, l ollamatest.TinyLoRA) string {
	h.t.Helper()
	var b bytes.Buffer
	if err := ollamatest.WriteTinyLoRA(&b, l); err != nil {
		h.t.Fatal(err)
	}
	return h.write(name, b.Bytes())
}

// run runs tilgate adapter, and wants an exit code and words in what it says.
func (h adapterHouse) run(code int, want string, args ...string) string {
	h.t.Helper()
	args = append([]string{"adapter"}, append(args, "--config", h.config)...)
	got, out, errOut := tilgate(h.t, args...)
	if got != code || !strings.Contains(out+errOut, want) {
		h.t.Errorf("tilgate %s: %d, want %d and %q\n%s%s", strings.Join(args, " "), got, code, want, out, errOut)
	}
	return out
}

// TestAdapterOnOllama is the life of a language's weights, with a real server.
func TestAdapterOnOllama(t *testing.T) {
	t.Parallel()
	server := ollamatest.Start(t)
	server.Create("tiny")
	h := newAdapterHouse(t, server.URL)
	peft := filepath.Join(h.dir, "peft")
	if err := os.Mkdir(peft, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := ollamatest.WriteTinyPEFT(peft, ollamatest.TinyLoRA{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	h.run(0, "served as tilgate-ky-", "add", "ky", "--lora", peft, "--model", "tiny", "--licence", "MIT")
	h.run(0, "held: no ", "list")
	h.run(1, "tilgate adapter push ky puts it there", "probe", "ky")
	h.run(0, "differ from the base's by", "push", "ky")
	h.run(0, "held: yes  gate: open", "list")
	h.run(0, `"difference":`, "probe", "ky", "--json")
	t.Run("verdict", func(t *testing.T) { judgedOnOllama(h) })
	t.Run("faults", func(t *testing.T) { unfitOnOllama(t, h, server) })
	h.run(0, "its weights are removed", "remove", "ky")
	h.run(0, "its weights are removed", "remove", "km")
	if list, err := server.API.List(t.Context()); err != nil || len(list.Models) != 2 { // tiny and qwen3
		t.Errorf("the server has %+v, %v", list, err)
	}
	if left, err := filepath.Glob(filepath.Join(h.dir, "adapters", "[^.]*")); err != nil || len(left) != 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}

func judgedOnOllama(h adapterHouse) {
	secret := filepath.Join(h.dir, "secret")
	_, lines, _ := strings.Cut(h.gate(secret), "configuration:")
	config, err := os.ReadFile(h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write("tilgate.toml", append(config, lines...))
	h.run(0, "with a LoRA", "add", "ky", "--lora", filepath.Join(h.dir, "peft"), "--model", "tiny", "--licence", "MIT", "--gate", "required")
	h.run(0, "gate: gate_no_verdict", "list")
	h.run(1, "a verdict is promote, block or no_evidence", "judge", "ky", "--decision", "maybe", "--because", "x", "--secret", secret)
	h.run(0, "ky: block", "judge", "ky", "--decision", "block", "--because", "x", "--secret", secret)
	h.run(0, "gate: gate_block", "list")
	h.run(0, "ky: promote", "judge", "ky", "--decision", "promote", "--because", "two speakers", "--secret", secret)
	h.run(0, "gate: promote", "list")
	h.run(0, "promote on ", "show", "ky")
}

func (h adapterHouse) gate(secret string) string {
	h.t.Helper()
	code, out, errOut := tilgate(h.t, "adapter", "gate", "--out", secret)
	if info, err := os.Stat(secret); code != 0 || err != nil || info.Mode().Perm() != 0o600 {
		h.t.Errorf("%d, %v, %s", code, err, errOut)
	}
	return out
}

// unfitOnOllama adds and pushes what does not fit.
func unfitOnOllama(t *testing.T, h adapterHouse, server *ollamatest.Server) {
	add := func(want, path, model string) {
		h.run(1, want, "add", "km", "--lora", path, "--model", model, "--licence", "MIT")
	}
	wide := h.lora("wide.gguf", ollamatest.TinyLoRA{Width: 128, Arch: "qwen2"})
	add("it is made for qwen2, the base is llama", wide, "tiny")
	add("layer 0, o_proj and 1 more: A takes 128 values", wide, "tiny")
	add("layer 0, down_proj and 1 more: B gives 128 values", wide, "tiny")
	add("ollama pull tinier", wide, "tinier")
	createQwen3(t, server)
	add("tilgate adapter merge and serve the result with kind full_model, or serve it with vLLM or llama.cpp", wide, "qwen3")
	good, err := os.ReadFile(h.lora("good.gguf", ollamatest.TinyLoRA{Seed: 2}))
	if err != nil {
		t.Fatal(err)
	}
	add("reading LoRA", h.write("cut.gguf", good[:len(good)/2]), "tiny")
	h.run(0, "held: yes", "list") // of ky, and nothing of km
	if _, err := os.Stat(filepath.Join(h.dir, "adapters", "km.toml")); err == nil {
		t.Error("km.toml was written")
	}

	// It fits, and does nothing.
	h.run(0, "km: tiny", "add", "km", "--lora", h.lora("zero.gguf", ollamatest.TinyLoRA{Zero: true}), "--model", "tiny", "--licence", "MIT")
	h.run(1, "the server answers with the base", "push", "km")
	h.run(1, "does not have tilgate-km-", "probe", "km")
	// It was changed after it was added.
	out := h.run(0, "", "show", "km", "--json")
	var shown adapterDetail
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(shown.LoRA.File, good, 0o600); err != nil {
		t.Fatal(err)
	}
	h.run(1, "was changed since it was added", "push", "km")
	h.run(0, "(changed)", "show", "km")
}

// TestAdapterOnVLLM pushes to a stand-in for vLLM that is configured under
// [openai]; its LoRAs answer a little more surely than their base.
func TestAdapterOnVLLM(t *testing.T) {
	t.Parallel()
	loras := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Model string
			Name  string `json:"lora_name"`
			Path  string `json:"lora_path"`
		}
		_ = json.NewDecoder(r.Body).Decode(&req) // a GET has none
		_, loaded := loras[req.Name]
		switch {
		case r.URL.Path == "/v1/models":
			list := `{"id":"base","owned_by":"vllm"}`
			for name := range loras {
				list += fmt.Sprintf(`,{"id":%q,"owned_by":"vllm","parent":"base"}`, name)
			}
			fmt.Fprintf(w, `{"data":[%s]}`, list)
		case r.URL.Path == "/v1/load_lora_adapter":
			loras[req.Name] = req.Path
		case r.URL.Path == "/v1/unload_lora_adapter" && loaded:
			delete(loras, req.Name)
		case r.URL.Path == "/v1/chat/completions":
			fmt.Fprintf(w, `{"choices":[{"finish_reason":"length","logprobs":{"content":[{"token":"a","top_logprobs":[{"token":"a","logprob":-0.%d}]}]}}]}`, len(req.Model))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	h := newAdapterHouse(t, "")
	h.write("tilgate.toml", fmt.Appendf(nil, "adapters = %q\n[openai]\nurl = %q\n", filepath.Join(h.dir, "adapters"), server.URL+"/v1"))
	peft := filepath.Join(h.dir, "peft")
	if err := errors.Join(os.Mkdir(peft, 0o755), ollamatest.WriteTinyPEFT(peft, ollamatest.TinyLoRA{Seed: 1})); err != nil {
		t.Fatal(err)
	}
	h.run(1, "vLLM takes a LoRA as PEFT left it", "add", "ky", "--lora", h.lora("x.gguf", ollamatest.TinyLoRA{}), "--model", "base", "--licence", "MIT")
	h.run(1, `the model server has no model "other"; it has base`, "add", "ky", "--lora", peft, "--model", "other", "--licence", "MIT")
	h.run(0, "served as", "add", "ky", "--lora", peft, "--model", "base", "--licence", "MIT")
	h.run(0, "differ from the base's", "push", "ky", "--server-path", "/loras/ky")
	if len(loras) != 1 {
		t.Errorf("the server has %v", loras)
	}
	for name, path := range loras {
		if !strings.HasPrefix(name, "tilgate-ky-") || path != "/loras/ky" {
			t.Errorf("the server has %s at %s", name, path)
		}
	}
	h.run(0, "held: yes", "list")
	h.run(0, "its weights are removed", "remove", "ky")
	if len(loras) != 0 {
		t.Errorf("left is %v", loras)
	}
}

// createQwen3 makes a model of an architecture on which Ollama takes no LoRA.
// It is never loaded, so its measures will do.
func createQwen3(t *testing.T, server *ollamatest.Server) {
	t.Helper()
	var g gguf.Writer
	g.Key("general.architecture", "qwen3")
	for key, value := range map[string]uint32{"block_count": 2, "embedding_length": 64, "feed_forward_length": 128, "attention.head_count": 4, "context_length": 128} {
		g.Key("qwen3."+key, value)
	}
	g.F32("token_embd.weight", make([]float32, 64), 64, 1)
	var file bytes.Buffer
	if err := g.Write(&file); err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(file.Bytes()))
	if err := server.API.CreateBlob(t.Context(), digest, &file); err != nil {
		t.Fatal(err)
	}
	req := &api.CreateRequest{Model: "qwen3", Files: map[string]string{"qwen3.gguf": digest}}
	if err := server.API.Create(t.Context(), req, func(api.ProgressResponse) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestKilledAdd kills the program while it adds, at any moment. The language
// has its weights, whole, or none.
func TestKilledAdd(t *testing.T) {
	t.Parallel()
	h := newAdapterHouse(t, "")
	path := h.lora("lora.gguf", ollamatest.TinyLoRA{Seed: 1, Width: 1 << 16})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(h.dir, "adapters")
	outcomes := map[adapters.Kind]int{}
	whole := time.Duration(0) // how long a run takes that is not killed
	for i := range 24 {
		if err := os.RemoveAll(filepath.Join(dir, "ky.toml")); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("tilgate", "adapter", "add", "ky", "--no-server", "--config", h.config, "--lora", path, "--model", "tiny", "--licence", "MIT")
		cmd.Path = self
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if i == 0 {
			_ = cmd.Wait() // how it ended is seen below
			whole = time.Since(began)
		} else {
			time.Sleep(time.Duration(rand.Int64N(int64(whole))))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		set, err := openAdapters(Config{Adapters: dir})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := set.For("ky")
		outcomes[a.Kind]++
		if a.LoRA == nil {
			continue
		}
		w, err := lora.Open(filepath.Join(dir, a.LoRA.File))
		if err != nil {
			t.Fatal(err)
		}
		if w.Close(); w.SHA256 != a.LoRA.SHA256 {
			t.Error("the weights are not those that the language file names")
		}
	}
	t.Logf("%v", outcomes)
	h.run(0, "served as", "add", "ky", "--no-server", "--lora", path, "--model", "tiny", "--licence", "MIT")
	if left, _ := filepath.Glob(filepath.Join(dir, ".add-*")); len(left) != 0 {
		t.Errorf("left are %q", left)
	}
}
