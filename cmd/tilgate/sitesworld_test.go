package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A country is one of the two sites.
type country struct {
	beside
	name    string
	config  string
	model   *siteModel
	secrets map[string]string // of keys, by name
	process *exec.Cmd
}

// other is the name of the other one.
func (s *country) other() string { return map[string]string{"kg": "kz", "kz": "kg"}[s.name] }

type sitesWorld struct {
	t      *testing.T
	sites  map[string]*country
	link   *faultLink
	says   atomic.Pointer[string] // what the law says
	asking []*caller
}

// lawBefore is what the law says at first.
const lawBefore = "Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат. Пенсия ай сайын төлөнөт."

func newSitesWorld(t *testing.T) *sitesWorld {
	w := &sitesWorld{t: t, sites: map[string]*country{}, link: newLink("token-bound")}
	w.says.Store(new(lawBefore))
	laws := httptest.NewServer(http.HandlerFunc(w.serveLaw))
	t.Cleanup(laws.Close)
	addresses := map[string]string{"kg": freeAddress(t), "kz": freeAddress(t)}
	lent := map[string]string{} // the secret that each site gives to the other
	for _, name := range []string{"kg", "kz"} {
		s := &country{beside: beside{service: new(service)}, name: name, model: newSiteModel(t), secrets: map[string]string{}}
		law := laws.URL
		if name == "kz" {
			law = "http://" + w.link.to(t, strings.TrimPrefix(laws.URL, "http://"))
		}
		s.configure(t, addresses[name], w.link.to(t, addresses[s.other()]), law)
		s.create(t, "ministry")
		s.create(t, "school", "--site", "kg,kz")
		lent[s.other()] = s.create(t, s.other(), "--models", "m", "--site", name)
		w.sites[name] = s
	}
	for name, s := range w.sites {
		s.start(t, addresses[name], lent[name])
	}
	for _, s := range w.sites {
		for _, backend := range []string{"gpu", s.other()} {
			s.wait(t, "tilgate_backend_up", backend, "1")
		}
		w.finds(s, "58 жаштан", true)
	}
	return w
}

// configure writes the example's configuration with what is the test's own.
func (s *country) configure(t *testing.T, address, other, law string) {
	dir := t.TempDir()
	s.config = filepath.Join(dir, "tilgate.toml")
	metrics := freeAddress(t)
	s.metrics = "http://" + metrics + "/metrics"
	s.base = "http://" + address
	s.copy(t, s.name+".toml", s.config, map[string]string{
		`"0.0.0.0:8080"`: inJSON(address), `"127.0.0.1:9464"`: inJSON(metrics), `/var/lib/tilgate`: dir, `/etc/tilgate`: dir,
		`http://10.`: "http://" + s.model.address + "#", `https://ai.` + s.other() + `.example`: "http://" + other,
	})
	s.copy(t, "law.toml", filepath.Join(dir, "law.toml"), map[string]string{
		`"1h"`: `"1s"`, `site = "https://law.kg.example/"`: fmt.Sprintf("site = %q\nprivate = true\nrate = 1000", law+"/")})
}

func (s *country) copy(t *testing.T, from, to string, replace map[string]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "deploy", "sites", from))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for old, now := range replace {
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %s", from, old)
		}
		text = strings.ReplaceAll(text, old, now)
	}
	write(t, to, regexp.MustCompile(`#[0-9.]+:8000`).ReplaceAllString(text, ""))
}

func (s *country) create(t *testing.T, name string, flags ...string) (secret string) {
	t.Helper()
	code, out, errOut := tilgate(t, append([]string{"key", "create", name, "--config", s.config}, flags...)...)
	if code != 0 {
		t.Fatal(errOut)
	}
	s.secrets[name] = regexp.MustCompile(`tg-\S+`).FindString(out)
	return s.secrets[name]
}

// start runs it as a process until the test ends.
func (s *country) start(t *testing.T, address, lent string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := &output{}
	s.process = exec.Command("tilgate", "serve", "--config", s.config)
	s.process.Path, s.process.Stderr = self, log
	s.process.Env = append(os.Environ(), "TILGATE_BACKEND_"+strings.ToUpper(s.other())+"_KEY="+lent)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.process.Process.Kill()
		s.process.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", s.name, tailOf([]byte(log.String())))
		}
	})
	for range 500 {
		if resp, err := client.Get(s.base + "/healthz"); err == nil {
			resp.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s does not start:\n%s", s.name, log)
}

func (w *sitesWorld) serveLaw(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(rw, `<html lang="ky"><title>Пенсия мыйзамы</title><body><main><h1>Пенсия мыйзамы</h1><p>%s</p></main></body></html>`, *w.says.Load())
}

// finds waits until a search at a site finds some words, or no more.
func (w *sitesWorld) finds(s *country, words string, there bool) {
	w.t.Helper()
	var text []byte
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if text = s.search(w.t); strings.Contains(string(text), words) == there {
			return
		}
	}
	w.t.Errorf("a search at %s, want %q there: %v, finds %s", s.name, words, there, text)
}

func (s *country) search(t *testing.T) []byte {
	t.Helper()
	_, text := s.as("ministry").postTo(t, "/v1/search", `{"query":"Аялдар канча жаштан пенсияга чыгат?","language":"ky"}`)
	return text
}

// as returns the site as a caller sees it.
func (s *country) as(key string) beside {
	b := s.beside
	b.service = &service{base: s.base, key: s.secrets[key]}
	return b
}
