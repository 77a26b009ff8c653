package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tilgate/internal/fit"
	"tilgate/serving/auth"
)

// A ward is a place where everything is well, until a test breaks something.
type ward struct {
	dir, config, data, manifest string
	top, end                    string // what the configuration says besides
	ollama                      *fakeOllama
	d                           func(d *patient) // what is changed of the machine
}

// A fakeOllama answers what doctor asks an Ollama.
type fakeOllama struct {
	*httptest.Server
	version, models string // models as JSON
	dimension       int
	skew            time.Duration
}

func newFakeOllama(t *testing.T) *fakeOllama {
	o := &fakeOllama{version: "0.17.4", models: `[{"name": "tiny:latest", "size": 1000000000}]`, dimension: 4}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(o.skew).UTC().Format(http.TimeFormat))
		switch r.URL.Path {
		case "/api/version":
			fmt.Fprintf(w, `{"version": %q}`, o.version)
		case "/api/tags":
			fmt.Fprintf(w, `{"models": %s}`, o.models)
		case "/api/show":
			io.WriteString(w, `{"capabilities": ["completion"], "model_info": {"general.architecture": "llama", "llama.block_count": 16,
				"llama.embedding_length": 2048, "llama.attention.head_count": 32, "llama.attention.head_count_kv": 8, "llama.vocab_size": 128256}}`)
		case "/api/embed":
			var q struct{ Input []string }
			_ = json.NewDecoder(r.Body).Decode(&q)
			if o.dimension == 0 {
				http.Error(w, `{"error": "this model does not support embeddings"}`, 500)
				return
			}
			vectors := make([][]float32, len(q.Input))
			for i := range vectors {
				vectors[i] = make([]float32, o.dimension)
				vectors[i][0] = 1
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"embeddings": vectors})
		}
	}))
	t.Cleanup(o.Close)
	return o
}

func newWard(t *testing.T) *ward {
	dir := t.TempDir()
	w := &ward{dir: dir, config: filepath.Join(dir, "tilgate.toml"), data: filepath.Join(dir, "data"), manifest: filepath.Join(dir, "desk.toml"),
		ollama: newFakeOllama(t), d: func(*patient) {}}
	if err := os.MkdirAll(filepath.Join(dir, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(w.data, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, w.manifest, "name = \"desk\"\n[[source]]\npath = \"docs\"\n")
	_, key := auth.Generate()
	key.Name = "operator"
	if err := (auth.File{Path: w.keys()}).Add(key, nil); err != nil {
		t.Fatal(err)
	}
	w.write(t)
	return w
}

func (w *ward) keys() string { return filepath.Join(w.data, "keys.toml") }

// write writes the configuration.
func (w *ward) write(t *testing.T) {
	write(t, w.config, fmt.Sprintf("%s\n%s\ndata = %q\nlanguages = [\"ky\", \"ru\"]\nknowledge = [%q]\n%s\n[ollama]\nurl = %q\n%s",
		markLine(), w.listen(), w.data, w.manifest, w.top, w.ollama.URL, w.end))
}

func (w *ward) listen() string {
	if strings.Contains(w.top, "listen") {
		return ""
	}
	return `listen = "127.0.0.1:0"`
}

func (w *ward) examine(t *testing.T) []finding {
	d := newPatient(t.Context(), noEnv, w.config, "tilgate")
	d.root, d.machine = fstest.MapFS{}, fit.Machine{Memory: 16e9}
	d.disk = func(string) (disk, error) { return disk{free: 100e9, size: 200e9, name: "ext"}, nil }
	d.command = func(name string, _ ...string) (string, error) {
		if name == "fc-list" {
			return "Noto Sans\n", nil
		}
		return "", os.ErrNotExist
	}
	d.limit = func() uint64 { return 65536 }
	d.patient, d.watch = time.Second, 20*time.Second
	w.d(d)
	return d.examine()
}

// A seen is a line that is wanted: parts of what it says and of its remedy.
type seen struct {
	check string
	state condition
	says  string
	do    string
}

func (s seen) is(f finding) bool {
	return s.check == f.Check && s.state == f.State && strings.Contains(f.Says, s.says) && strings.Contains(f.Do, s.do)
}

func TestDoctorOfTheHealthy(t *testing.T) {
	w := newWard(t)
	checked := map[string]bool{}
	for _, f := range w.examine(t) {
		checked[f.Check] = true
		if f.State != isWell {
			t.Error(f)
		}
	}
	for _, name := range []string{"config", "clock", "files", "data", "disk", "filesystem", "in use", "leftovers", "keys", "ports", "network", "languages", "trust", "fonts", "knowledge", "store", "models", "memory", "ledger"} {
		if !checked[name] {
			t.Errorf("%s was not looked at", name)
		}
	}
}

// Each row breaks one thing and wants its lines, and no other that is not well.
func TestDoctor(t *testing.T) {
	for _, tt := range doctorRows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			tt.harm(t, w)
			if tt.config == nil {
				w.write(t)
			} else {
				tt.config(t, w)
			}
			var got []string
			want := slices.Clone(tt.want)
			for _, f := range w.examine(t) {
				i := slices.IndexFunc(want, func(s seen) bool { return s.is(f) })
				switch {
				case i >= 0:
					want = slices.Delete(want, i, i+1)
				case f.State != isWell:
					t.Errorf("not wanted: %v", f)
				}
				got = append(got, f.String())
				if f.State != isWell && f.Do == "" {
					t.Errorf("no remedy: %v", f)
				}
				if strings.ContainsAny(f.String(), "\n") {
					t.Errorf("more than a line: %q", f)
				}
			}
			for _, s := range want {
				t.Errorf("missing: %+v in\n%s", s, strings.Join(got, "\n"))
			}
		})
	}
}

// On what cannot be read at all it says so, and ends.
func TestDoctorExit(t *testing.T) {
	w := newWard(t)
	w.ollama.Close()
	code, out, errOut := tilgate(t, "doctor", "--config", w.config)
	if code != 1 || !strings.Contains(out, "fail  models") || !strings.Contains(errOut, "something fails") {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	code, out, _ = tilgate(t, "doctor", "--config", w.config, "--json")
	var list []finding
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 1 || len(list) < 15 {
		t.Errorf("%d, %v, %s", code, err, out)
	}
}
