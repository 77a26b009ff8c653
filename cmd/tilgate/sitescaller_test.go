package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tilgate/serving/audit"
)

// A caller asks one site without end.
type caller struct {
	site     *country
	key, who string
	got      map[string]bool // answers that came whole, by id
	how      map[int]int     // answers, by status
	longest  time.Duration
}

// bodyOf is a question about the law, with a mark of who asks.
func bodyOf(model, who string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":"Аялдар канча жаштан пенсияга чыгат? token-%s"}]}`, model, stream, who)
}

// ask asks until end is closed. No answer may end without a word: it comes
// whole, or as an error.
func (c *caller) ask(t *testing.T, end <-chan struct{}) {
	own := &http.Client{Timeout: time.Minute}
	defer own.CloseIdleConnections()
	for n := 0; ; n++ {
		select {
		case <-end:
			return
		case <-time.After(50 * time.Millisecond):
		}
		model, stream := []string{"m", "auto:ky"}[n%2], n%4 < 2
		req, err := http.NewRequest("POST", c.site.base+"/v1/chat/completions", strings.NewReader(bodyOf(model, c.who, stream)))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+c.site.secrets[c.key])
		began := time.Now()
		resp, err := own.Do(req)
		if err != nil {
			t.Errorf("%s at %s: %v", c.key, c.site.name, err)
			return
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		c.longest = max(c.longest, time.Since(began))
		c.how[resp.StatusCode]++
		failed := bytes.Contains(text, []byte(`"error":{`))
		whole := resp.StatusCode == 200 && !failed && (stream && bytes.HasSuffix(text, []byte("data: [DONE]\n\n")) || !stream && json.Valid(text))
		switch {
		case err != nil, !whole && !failed:
			t.Errorf("%s at %s: an answer ends without a word: %d %v %s", c.key, c.site.name, resp.StatusCode, err, tailOf(text))
		case whole:
			c.got["chatcmpl-"+strings.TrimPrefix(resp.Header.Get("X-Request-Id"), "req_")] = true
		}
	}
}

// auditOf reads the audit log of a site, by the ids of answers.
func auditOf(t *testing.T, s *country) map[string][]audit.Entry {
	t.Helper()
	files, err := audit.Files(filepath.Join(filepath.Dir(s.config), "audit"))
	if err != nil {
		t.Fatal(err)
	}
	records := map[string][]audit.Entry{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var e audit.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			if e.Kind == "answer" {
				records[e.ID] = append(records[e.ID], e)
			}
		}
	}
	return records
}

// callsOf counts the answers to a caller that are on record.
func callsOf(records map[string][]audit.Entry, name string) (n int) {
	for _, list := range records {
		for _, e := range list {
			if e.Caller == name {
				n++
			}
		}
	}
	return n
}

// usedAsRecorded wants the ledger to count what the audit log holds.
func usedAsRecorded(t *testing.T, s *country, records map[string][]audit.Entry) {
	t.Helper()
	code, out, errOut := tilgate(t, "usage", "--config", s.config, "--by", "key", "--json")
	if code != 0 {
		t.Fatal(errOut)
	}
	counted := map[string]int{}
	for line := range strings.Lines(out) {
		var row struct {
			Key      string
			Requests int
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		counted[row.Key] = row.Requests
	}
	for name := range s.secrets {
		if n := callsOf(records, name); counted[name] != n {
			t.Errorf("%s counts %d requests of %s, and has %d on record", s.name, counted[name], name, n)
		}
	}
}

// postTo sends a body to a path.
func (s *service) postTo(t testing.TB, path, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}
