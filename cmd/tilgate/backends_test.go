package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tilgate/serving"
	"tilgate/serving/ollama/ollamatest"
)

// A doorkeeper is an address behind which one server can take the place of another.
type doorkeeper struct {
	address string
	behind  atomic.Pointer[ollamatest.Server]
}

func newDoorkeeper(t *testing.T) *doorkeeper {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	d := &doorkeeper{address: "http://" + ln.Addr().String()}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go d.pass(conn)
		}
	}()
	return d
}

func (d *doorkeeper) pass(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", strings.TrimPrefix(d.behind.Load().URL, "http://"))
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		io.Copy(to, from)
		to.Close()
	}()
	io.Copy(from, to)
}

// open puts a fresh server behind the address.
func (d *doorkeeper) open(t *testing.T) {
	s := ollamatest.Start(t)
	s.CreateTiny("endless", ollamatest.Tiny{Seed: 1, Endless: true})
	d.behind.Store(s)
}

// TestTwoServers kills the server that answers in the middle of its answer:
// "auto" goes on with the other, a plain model's stream ends with an error.
// What comes back is used again.
func TestTwoServers(t *testing.T) {
	gates := map[string]*doorkeeper{"one": newDoorkeeper(t), "two": newDoorkeeper(t)}
	for _, d := range gates {
		d.open(t)
	}
	s := serveBackends(t, gates)
	say := func(model, params string) string {
		return fmt.Sprintf(`{"model":%q,"stream":true,%s"messages":[{"role":"user","content":%q}]}`, model, params, demoQuestion)
	}

	text, name := s.streamAndKill(t, gates, say("auto:ky", `"max_tokens":90,`))
	a := joinChunks(t, text)
	if a.Error != nil || a.Tilgate.Degraded != serving.Continued || len(a.message().Content) < 60 {
		t.Errorf("auto, with %s killed: %+v\n%s", name, a.Error, text)
	}
	gates[name].open(t)
	s.wait(t, "tilgate_backend_up", name, "1")

	text, name = s.streamAndKill(t, gates, say("endless", ""))
	if a := joinChunks(t, text); a.Error == nil || strings.Contains(string(text), "[DONE]") {
		t.Errorf("a plain model, with %s killed, ends without an error:\n%s", name, tailOf(text))
	}
	other := map[string]string{"one": "two", "two": "one"}[name]
	gates[other].behind.Load().Kill()
	gates[name].open(t)
	s.wait(t, "tilgate_backend_up", other, "0")
	s.wait(t, "tilgate_backend_open", name, "0")
	s.wait(t, "tilgate_backend_up", name, "1")
	if a := joinChunks(t, []byte(s.stream(t, say("auto:ky", `"max_tokens":40,`), nil))); a.Tilgate.Degraded != "" || a.Tilgate.Model != "endless:latest" {
		t.Errorf("%s is back, but: %+v", name, a.Tilgate)
	}
}

func tailOf(text []byte) string { return string(text[max(0, len(text)-600):]) }

// A beside is a service with its metrics.
type beside struct {
	*service
	metrics string
}

func serveBackends(t *testing.T, gates map[string]*doorkeeper) beside {
	t.Helper()
	dir := t.TempDir()
	_, out, _ := tilgate(t, "key", "create", "desk")
	secret := regexp.MustCompile(`tg-\S+`).FindString(out)
	_, key, _ := strings.Cut(out, "[[key]]")
	config := filepath.Join(dir, "tilgate.toml")
	text := fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n[[key]]%s\n", filepath.Join(dir, "data"), key)
	for name, d := range gates {
		text += fmt.Sprintf("[[backend]]\nname = %q\nkind = \"ollama\"\nurl = %q\n", name, d.address)
	}
	write(t, config, text)
	write(t, filepath.Join(dir, "pension.txt"), "Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат. Пенсия ай сайын төлөнөт.")
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "office", "--lang", "ky", filepath.Join(dir, "pension.txt")); code != 0 {
		t.Fatal(errOut)
	}
	log := serveHere(t, config, noEnv)
	s := beside{service: &service{base: "http://" + address(t, log), key: secret}}
	s.metrics = "http://" + regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`).FindStringSubmatch(log.String())[1] + "/metrics"
	for name := range gates {
		s.wait(t, "tilgate_backend_up", name, "1")
	}
	return s
}

// wait waits until a metric of a backend has a value.
func (s beside) wait(t *testing.T, metric, backend, value string) {
	t.Helper()
	want := fmt.Sprintf("%s{backend=%q} %s\n", metric, backend, value)
	var text string
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if text = s.scrape(t); strings.Contains(text, want) {
			return
		}
	}
	t.Fatalf("%s does not come; it is %s", want, regexp.MustCompile(`(?m)^tilgate_backend.*$`).FindAllString(text, -1))
}

func (s beside) scrape(t *testing.T) string {
	t.Helper()
	resp, err := client.Get(s.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// streamAndKill kills the server that answers when some words have come.
func (s beside) streamAndKill(t *testing.T, gates map[string]*doorkeeper, body string) (text []byte, killed string) {
	t.Helper()
	words := 0
	all := s.stream(t, body, func(line string) {
		if strings.Contains(line, `"content":"`) && !strings.Contains(line, `"content":""`) {
			words++
		}
		if words != 2 || killed != "" {
			return
		}
		killed = "one"
		if strings.Contains(s.scrape(t), `tilgate_backend_running{backend="two"} 1`) {
			killed = "two"
		}
		gates[killed].behind.Load().Kill()
	})
	if killed == "" {
		t.Fatalf("it ended before a server could be killed:\n%s", all)
	}
	return []byte(all), killed
}

// stream sends a request, and reads the answer line by line.
func (s beside) stream(t *testing.T, body string, each func(line string)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", s.base+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all strings.Builder
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if each != nil {
			each(lines.Text())
		}
		all.WriteString(lines.Text() + "\n")
	}
	return all.String()
}
