package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestKnowledgeFollowed has a service keep a knowledge base up to date by its
// manifest, and forget a document that another process puts on the list: its
// answer goes, and nothing of it is left on disk.
func TestKnowledgeFollowed(t *testing.T) {
	dir := t.TempDir()
	data, config, manifest := filepath.Join(dir, "data"), filepath.Join(dir, "tilgate.toml"), filepath.Join(dir, "desk.toml")
	write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\nknowledge = [%q]\n[ollama]\nurl = \"\"\n", data, manifest))
	write(t, manifest, "name = \"desk\"\nevery = \"1s\"\n[[source]]\npath = \"docs\"\nlang = \"ky\"\n")
	docs := filepath.Join(dir, "docs")
	if err := os.Mkdir(docs, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(docs, "water.txt"), "Сугат суусунун баасы бир гектарга кырк танга болот.")
	write(t, filepath.Join(docs, "complaint.txt"), "Асан Үсөн уулу көпүрө жөнүндө арыз берди, арыз каралып жатат.")
	code, out, errOut := tilgate(t, "key", "create", "--config", config, "desk")
	if code != 0 {
		t.Fatal(errOut)
	}
	ctx, cancel := context.WithCancel(t.Context())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, log)
	}()
	s := &service{base: "http://" + address(t, log), key: regexp.MustCompile(`tg-\S+`).FindString(out)}
	answers := func(question, want string, holds bool) {
		t.Helper()
		said := ""
		for range 200 {
			if said = s.ask(t, "auto:ky", question).message().Content; strings.Contains(said, want) == holds {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%q: %q, want %q there: %v\n%s", question, said, want, holds, log)
	}
	answers("Сугат суусунун баасы канча?", "кырк танга", true)
	answers("Көпүрө жөнүндө ким арыз берди?", "Асан Үсөн уулу", true)
	write(t, filepath.Join(docs, "water.txt"), "Сугат суусунун баасы эми бир гектарга элүү танга болот.")
	answers("Сугат суусунун баасы канча?", "элүү танга", true)

	if code, out, errOut := tilgate(t, "kb", "forget", "--config", config, "desk", "complaint", "--lang", "ky"); code != 0 || !strings.Contains(out, "within seconds") {
		t.Fatal(out, errOut)
	}
	answers("Көпүрө жөнүндө ким арыз берди?", "Асан Үсөн уулу", false)
	for range 100 {
		if strings.Contains(log.String(), `"proof":"none of 1 pieces of its text is in`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(log.String(), `"proof":"none of 1 pieces of its text is in`) {
		t.Errorf("there is no proof in the log:\n%s", log)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestIngestSite brings in a web site on this machine, which has to be allowed.
func TestIngestSite(t *testing.T) {
	pages := map[string]string{
		"/":           `<html lang="ky"><title>Айыл өкмөтү</title><body><main><h1>Айыл өкмөтү</h1><p>Кабыл алуу дүйшөмбүдөн жумага чейин болот. <a href="/fees">Төлөмдөр</a> <a href="/secret/x">Жашыруун</a></p></main></body></html>`,
		"/fees":       `<html lang="ky"><title>Төлөмдөр</title><body><main><h1>Төлөмдөр</h1><table><tr><th>Кызмат</th><th>Баасы</th></tr><tr><td>Паспорт</td><td>беш жүз танга</td></tr></table></main></body></html>`,
		"/secret/x":   `<p>Бул барак окулбашы керек болчу.</p>`,
		"/robots.txt": "User-agent: *\nDisallow: /secret/\n",
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, page)
	}))
	defer site.Close()
	config := filepath.Join(t.TempDir(), "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\n[ollama]\nurl = \"\"\n", filepath.Join(t.TempDir(), "data")))
	args := []string{"ingest", "--config", config, "--kb", "site", "--site", site.URL, "--rate", "1000"}
	if code, out, errOut := tilgate(t, args...); code != 1 || !strings.Contains(errOut, "private") || !strings.Contains(out, "site: 0 documents added") {
		t.Errorf("a site on this machine, which was not allowed: %d\n%s\n%s", code, out, errOut)
	}
	if code, out, errOut := tilgate(t, append(args, "--private")...); code != 0 || !strings.Contains(out, "site: 2 documents added") {
		t.Errorf("%d\n%s\n%s", code, out, errOut)
	}
	if _, out, _ := tilgate(t, "search", "--config", config, "--lang", "ky", "Паспорт канча турат?"); !strings.Contains(out, "Паспорт | беш жүз танга") || !strings.Contains(out, site.URL+"/fees") {
		t.Errorf("%s", out)
	}
}
