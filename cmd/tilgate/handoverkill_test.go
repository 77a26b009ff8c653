package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tilgate/serving/auth"
)

// A ticketDesk is a webhook that refuses, or says nothing, until it is calm.
type ticketDesk struct {
	mu    sync.Mutex
	calm  bool
	asked int
	hung  int
	taken map[string]int    // how often, by id
	key   map[string]string // the secret of each
	wrong []string
}

func (d *ticketDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var told struct {
		ID    string
		Reply struct{ Secret string }
	}
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := json.Unmarshal(body, &told); err != nil || told.ID == "" || told.ID != r.Header.Get("Idempotency-Key") {
		d.wrong = append(d.wrong, fmt.Sprintf("%v: %s", err, body))
	}
	if before := d.key[told.ID]; before != "" && before != told.Reply.Secret {
		d.wrong = append(d.wrong, "told again, "+told.ID+" has another secret")
	}
	d.asked++
	d.key[told.ID] = told.Reply.Secret
	switch {
	case d.calm:
		d.taken[told.ID]++
	case d.asked%3 == 0: // it says nothing, until the other side is killed
		d.hung++
		d.mu.Unlock()
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
		d.mu.Lock()
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(503)
	}
}

// handoverProcess serves until it is killed, and returns its address.
func handoverProcess(t *testing.T, dir string) (base string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := &output{}
	cmd := exec.Command("tilgate", "serve", "--config", "tilgate.toml")
	cmd.Path, cmd.Dir, cmd.Stderr = self, dir, log
	cmd.Env = append(os.Environ(), "TILGATE_HANDOVER_SECRET=0123456789abcdef0123456789abcdef")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(kill)
	return "http://" + address(t, log), kill
}

// TestKilledHandover kills the program again and again while conversations are
// handed over, to a webhook that fails in all its ways. In the end the webhook has
// each that a citizen was told is taken, and its answer reaches them.
func TestKilledHandover(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for leases to end")
	}
	t.Parallel()
	dir := t.TempDir()
	desk := &ticketDesk{taken: map[string]int{}, key: map[string]string{}}
	hook := httptest.NewServer(desk)
	defer hook.Close()
	secret, key := auth.Generate()
	hash, err := key.Hash.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "tilgate.toml"), fmt.Sprintf("data = \"data\"\nlisten = \"127.0.0.1:0\"\n[ollama]\nurl = \"\"\n[handover]\nwebhook = %q\n[[key]]\nname = \"page\"\nhash = %q\n", hook.URL, hash))
	var mu sync.Mutex
	tokens := map[string]string{} // by id
	for range 3 {
		base, kill := handoverProcess(t, dir)
		var asking sync.WaitGroup
		for range 3 {
			asking.Go(func() {
				for {
					id, token, err := askOnce(base, secret)
					if err != nil { // it was killed
						return
					}
					mu.Lock()
					tokens[id] = token
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond)
		kill()
		asking.Wait()
	}
	desk.mu.Lock()
	desk.calm = true
	desk.mu.Unlock()
	base, _ := handoverProcess(t, dir)
	missing := func() (list []string) {
		desk.mu.Lock()
		defer desk.mu.Unlock()
		for id := range tokens {
			if desk.taken[id] == 0 {
				list = append(list, id)
			}
		}
		return list
	}
	for deadline := time.Now().Add(2 * time.Minute); len(missing()) > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
	}
	left := missing()
	desk.mu.Lock()
	defer desk.mu.Unlock()
	t.Logf("%d taken, %d told; %d attempts, %d of them without a word", len(tokens), len(desk.taken), desk.asked, desk.hung)
	if len(left) > 0 || len(tokens) == 0 || len(desk.wrong) > 0 || desk.hung == 0 {
		t.Errorf("of %d, %d are missing, wrong: %v", len(tokens), len(left), desk.wrong)
	}
	for id, token := range tokens {
		answerOne(t, base, id, desk.key[id], token)
		break
	}
}

// askOnce asks for a person.
func askOnce(base, key string) (id, token string, err error) {
	req, err := http.NewRequest("POST", base+"/v1/handover", strings.NewReader(`{"messages":[{"role":"user","content":"Паспортум жоголду."}]}`))
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	var made struct{ ID, Token string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || resp.StatusCode != 201 {
		return "", "", fmt.Errorf("%d: %w", resp.StatusCode, err)
	}
	return made.ID, made.Token, nil
}

// answerOne answers as the webhook's staff do, and reads it as the citizen does.
func answerOne(t *testing.T, base, id, secret, token string) {
	t.Helper()
	say := func(method, path, token, body string) string {
		req, err := http.NewRequest(method, base+"/v1/handover/"+id+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Tilgate-Token", token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", string(text))
	}
	if got := say("POST", "/reply", secret, `{"text":"Келиңиз."}`); !strings.HasPrefix(got, "200") {
		t.Error(got)
	}
	if got := say("GET", "", token, ""); !strings.HasPrefix(got, "200") || !strings.Contains(got, "Келиңиз.") {
		t.Error(got)
	}
}
