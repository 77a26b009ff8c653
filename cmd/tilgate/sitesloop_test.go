package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tilgate/serving/auth"
)

// TestTilgateBehindTilgate has one Tilgate be the model server of another, and
// the other way round, with keys that forbid nothing: what one cannot answer, the
// other does, with its errors and its counts, and no request goes round.
func TestTilgateBehindTilgate(t *testing.T) {
	for _, kind := range []string{"tilgate", "openai"} { // as which each takes the other
		t.Run(kind, func(t *testing.T) { behindEachOther(t, kind) })
	}
}

func behindEachOther(t *testing.T, kind string) {
	secret, key := auth.Generate()
	hash, _ := key.Hash.MarshalText()
	model, addresses := newSiteModel(t), []string{freeAddress(t), freeAddress(t)}
	var front []beside
	for i, address := range addresses {
		config := filepath.Join(t.TempDir(), "tilgate.toml")
		metrics := freeAddress(t)
		text := fmt.Sprintf("data = %q\nlisten = %q\nmetrics = %q\n[[key]]\nname = \"all\"\nhash = %q\n[[backend]]\nname = \"peer\"\nkind = %q\nurl = \"http://%s\"\nsite = \"there\"\n",
			filepath.Join(filepath.Dir(config), "data"), address, metrics, hash, kind, addresses[1-i])
		if i == 1 {
			text += fmt.Sprintf("[[backend]]\nname = \"gpu\"\nkind = \"vllm\"\nurl = \"http://%s\"\nsite = \"here\"\n", model.address)
		}
		write(t, config, text)
		serveHere(t, config, func(name string) string { return map[string]string{"TILGATE_BACKEND_PEER_KEY": secret}[name] })
		front = append(front, beside{service: &service{base: "http://" + address, key: secret}, metrics: "http://" + metrics + "/metrics"})
	}
	a, b := front[0], front[1]
	b.wait(t, "tilgate_backend_up", "gpu", "1")
	a.wait(t, "tilgate_backend_up", "peer", "1")
	if list := a.get(t, "/v1/models"); !strings.Contains(list, `"id":"m"`) || strings.Count(list, `"id":"auto"`) != 1 {
		t.Errorf("the models are %s", list)
	}
	for i, s := range front {
		code, text := s.post(t, bodyOf("m", "one", false))
		if got := parseAnswer(t, text); code != 200 || got.Usage.Total != 5 || got.message().Content != said {
			t.Errorf("%d, whole: %d %s", i, code, text)
		}
		if got := joinChunks(t, []byte(s.stream(t, bodyOf("m", "one", true), nil))); got.Error != nil || got.message().Content != said {
			t.Errorf("%d, as a stream: %+v", i, got)
		}
		if code, text := s.post(t, `{"model":"m","messages":[]}`); code != 400 || !strings.Contains(string(text), "no messages") {
			t.Errorf("%d, what the model server declines: %d %s", i, code, text)
		}
		if code, text := s.post(t, bodyOf("m", "one", false), "Tilgate-Hops", "2"); code != 503 || !strings.Contains(string(text), "lead back") {
			t.Errorf("%d, come too far: %d %s", i, code, text)
		}
	}
	model.stop()
	time.Sleep(4 * time.Second) // they look at each other meanwhile
	var asked atomic.Int64
	for i, s := range front {
		began := time.Now()
		if code, text := s.post(t, bodyOf("m", "one", false)); code == 200 {
			t.Errorf("%d, nobody has a model: %d %s", i, code, text)
		}
		asked.Add(int64(time.Since(began)))
	}
	if took := time.Duration(asked.Load()); took > 20*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	if kind == "tilgate" {
		a.wait(t, "tilgate_backend_up", "peer", "0") // nobody keeps a model alive by hearsay
		b.wait(t, "tilgate_backend_up", "peer", "0")
	}
}

// What stands at no site would get nothing where sites are named, and that is
// said at once.
func TestConfigSites(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"sites = [\"kg\"]\n[ollama]\nurl = \"http://127.0.0.1:11434\"\n", "backend ollama: site: it is missing"},
		{"sites = [\"kg\"]\n[ollama]\nurl = \"http://127.0.0.1:11434\"\nsite = \"kg\"\n[rerank]\nurl = \"http://127.0.0.1:1\"\n", "rerank: site: it is missing"},
		{"sites = [\"\"]\n[ollama]\nurl = \"\"\n", "sites: a name is empty"},
		{"sites = [\"kg\"]\n[ollama]\nurl = \"http://127.0.0.1:11434\"\nsite = \"kz\"\n", ""}, // some key may name it
		{"[ollama]\nurl = \"http://127.0.0.1:11434\"\n", ""},
	} {
		_, err := parseConfig("tilgate.toml", []byte(tt.text), noEnv)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n%v, want %q", tt.text, err, tt.want)
		}
	}
}
