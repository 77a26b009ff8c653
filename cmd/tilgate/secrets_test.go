package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What must stand in no log, no metric and no error.
var secretsOf = map[string]string{
	"TILGATE_QDRANT_KEY":        "mark-qdrant-51c7",
	"TILGATE_REDIS_PASSWORD":    "mark redis/62@d8",
	"TILGATE_LEDGER_PASSWORD":   "mark-ledger-73e9",
	"TILGATE_SESSION_SECRET":    "mark-session-84fa-and-it-is-long-enough",
	"TILGATE_HANDOVER_SECRET":   "mark-handover-950b-and-it-is-long-enough",
	"TILGATE_HANDOVER_PASSWORD": "mark-mail-a61c",
	"TILGATE_OPENAI_KEY":        "mark-openai-b72d",
	"TILGATE_BACKEND_LOUD_KEY":  "mark-backend-c83e",
	"TILGATE_EMBED_KEY":         "mark-embed-d94f",
	"TILGATE_RERANK_KEY":        "mark-rerank-ea50",
	"TILGATE_KEY":               "tg-mark-client-fb61",
}

// Words of people, of which no part may stand in a log either.
const (
	toldInKyrgyz  = "Кошунам Бермет эже мени сабап жатат, кайда кайрылам?"
	toldInEnglish = "my uncle Yarrowby threatens me every evening"
)

var theirWords = []string{"Бермет", "сабап", "Yarrowby", "threatens", `\u0411\u0435\u0440`}

func secretEnv(name string) string { return secretsOf[name] }

// checkSecrets wants no secret in a text, also not as addresses, JSON and HTTP
// write it.
func checkSecrets(t *testing.T, where, text string, more ...string) {
	t.Helper()
	for name, secret := range secretsOf {
		more = append(more, secret, strings.ReplaceAll(secret, "/", "%2F"), base64.StdEncoding.EncodeToString([]byte(secret)))
		if strings.Contains(text, secret) {
			t.Errorf("%s holds %s:\n%.2000s", where, name, text)
			return
		}
	}
	for _, s := range more {
		if i := strings.Index(text, s); i >= 0 {
			t.Errorf("%s holds %q:\n…%.800s", where, s, text[max(0, i-300):])
			return
		}
	}
}

// A loudServer is a model server that says all it knows whenever it refuses.
func loudServer(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/models") {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"loud","object":"model"},{"id":"mad","object":"model"},{"id":"cut","object":"model"}]}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch {
	case strings.Contains(string(body), `"mad"`): // no JSON, with the question in it
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "oops %s %s\n\n", r.Header.Get("Authorization"), body)
	case strings.Contains(string(body), `"cut"`):
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error": {"message": %q, "code": 400}}`, fmt.Sprintf("cannot do %q for %q", body, r.Header.Get("Authorization")))
	}
}

// TestSecretsStaySecret runs the service with every secret that it takes, on
// good and on failing ways, and looks for them and for what people wrote in
// all that comes out.
func TestSecretsStaySecret(t *testing.T) {
	loud := httptest.NewServer(http.HandlerFunc(loudServer))
	defer loud.Close()
	dir := t.TempDir()
	_, out, _ := tilgate(t, "key", "create", "desk")
	secret := regexp.MustCompile(`tg-\S+`).FindString(out)
	_, key, _ := strings.Cut(out, "[[key]]")
	config := filepath.Join(dir, "tilgate.toml")
	write(t, filepath.Join(dir, "library.txt"), "Шаардык китепкана дүйшөмбүдөн ишембиге чейин саат тогуздан кечки жетиге чейин ачык.")
	write(t, config, fmt.Sprintf(`data = %q
listen = "127.0.0.1:0"
metrics = "127.0.0.1:0"
[redis]
url = "redis://user:mark-inurl-0c72@127.0.0.1:1/0"
[handover]
webhook = "http://127.0.0.1:1/hook?token=mark-query-1d83"
[audit]
folder = %q
[otel]
endpoint = "http://otel:mark-inurl-0c72@127.0.0.1:1"
[embed]
url = "http://embed:mark-inurl-0c72@127.0.0.1:1"
model = "e"
[[backend]]
name = "loud"
kind = "vllm"
url = %q
[[backend]]
name = "gone"
kind = "vllm"
url = "http://gone:mark-inurl-0c72@127.0.0.1:1"
[[key]]%s`, filepath.Join(dir, "data"), filepath.Join(dir, "audit"), loud.URL, key))
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "office", "--lang", "ky", filepath.Join(dir, "library.txt")); code != 0 {
		t.Log(errOut) // the server of vectors is not there
	}
	ctx, cancel := context.WithCancel(t.Context())
	stdout, log, ended := &output{}, &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, secretEnv, strings.NewReader(""), stdout, log)
	}()
	s := &service{base: "http://" + address(t, log), key: secret}
	metrics := "http://" + regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`).FindStringSubmatch(log.String())[1] + "/metrics"
	hidden := []string{"mark-inurl-0c72", "mark-query-1d83", secret}
	askEverything(t, s, hidden)
	resp, err := client.Get(metrics)
	noFault(t, err)
	exposed, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	noFault(t, err)
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	hidden = append(hidden, theirWords...)
	checkSecrets(t, "the log", log.String(), hidden...)
	checkSecrets(t, "standard output", stdout.String(), hidden...)
	checkSecrets(t, "the metrics", string(exposed), hidden...)
	noFault(t, filepath.WalkDir(filepath.Join(dir, "audit"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			checkSecrets(t, path, string(slurp(t, path)), hidden...)
		}
		return err
	}))
	if n := strings.Count(log.String(), `"msg":"exchange"`); n < 6 {
		t.Errorf("the log has %d exchanges, so little was tried:\n%s", n, log)
	}
	for _, args := range [][]string{{"config", "--config", config}, {"doctor", "--config", config}, {"doctor", "--json", "--config", config}, {"key", "list", "--config", config},
		{"usage", "--config", config}, {"kb", "list", "--config", config}, {"ask", "--config", config, "--lang", "ky", "Китепкана?"}} {
		_, out, errOut := runWithSecrets(t, args...)
		checkSecrets(t, "tilgate "+args[0], out+errOut, "mark-inurl-0c72", secret)
	}
}

func runWithSecrets(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	stdout, stderr := &output{}, &output{}
	code = run(t.Context(), args, secretEnv, strings.NewReader(""), stdout, stderr)
	return code, stdout.String(), stderr.String()
}

// askEverything asks in good ways and bad ones. Answers to errors must not
// tell secrets; what a caller wrote he may be told.
func askEverything(t *testing.T, s *service, hidden []string) {
	t.Helper()
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYXJrLXRva2VuIn0.bWFyay1zaWduYXR1cmU"
	for _, tt := range []struct{ method, path, body, key string }{
		{"POST", "/v1/chat/completions", chatBody("auto", "Шаардык китепкана качан ачык?", false), s.key},
		{"POST", "/v1/chat/completions", chatBody("auto", toldInKyrgyz, true), s.key},
		{"POST", "/v1/chat/completions", chatBody("loud", toldInKyrgyz, false), s.key},
		{"POST", "/v1/chat/completions", chatBody("loud", toldInEnglish, true), s.key},
		{"POST", "/v1/chat/completions", chatBody("mad", toldInEnglish, true), s.key},
		{"POST", "/v1/chat/completions", chatBody("mad", toldInKyrgyz, false), s.key},
		{"POST", "/v1/chat/completions", chatBody("cut", toldInEnglish, false), s.key},
		{"POST", "/api/chat", chatBody("loud", toldInEnglish, false), s.key},
		{"POST", "/v1/embeddings", `{"model": "loud", "input": "` + toldInKyrgyz + `"}`, s.key},
		{"POST", "/v1/chat/completions", `{"model": "auto", "messages": [{"role": "` + toldInEnglish + `"}`, s.key},
		{"POST", "/v1/chat/completions", chatBody("auto", toldInKyrgyz, false), secretsOf["TILGATE_KEY"]},
		{"POST", "/v1/chat/completions", chatBody("auto", toldInKyrgyz, false), jwt},
		{"POST", "/v1/search", `{"query": "` + toldInKyrgyz + `", "language": "ky"}`, s.key},
		{"POST", "/v1/handover", `{"id": "none", "note": "` + toldInKyrgyz + `"}`, s.key},
		{"POST", "/v1/feedback", `{"id": "none", "vote": "down", "comment": "` + toldInEnglish + `"}`, s.key},
		{"GET", "/?key=" + s.key + "&q=Yarrowby", "", ""},
		{"GET", "/?key=" + secretsOf["TILGATE_KEY"] + "&q=Yarrowby", "", ""},
		{"GET", "/admin?key=" + s.key, "", ""},
		{"GET", "/v1/nothing?key=" + secretsOf["TILGATE_KEY"], "", s.key},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, s.base+tt.path, strings.NewReader(tt.body))
		noFault(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Cookie", "session="+secretsOf["TILGATE_SESSION_SECRET"])
		if tt.key != "" {
			req.Header.Set("Authorization", "Bearer "+tt.key)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		resp, err := client.Do(req.WithContext(ctx))
		if err != nil {
			t.Errorf("%s %s: %v", tt.method, tt.path, err)
			cancel()
			continue
		}
		text, _ := io.ReadAll(resp.Body) // which may be cut off, and is looked at all the same
		resp.Body.Close()
		cancel()
		if resp.StatusCode >= 400 {
			checkSecrets(t, fmt.Sprintf("the answer to %s %s", tt.method, tt.path), string(text), hidden...)
		}
	}
}

// TestSecretsInBadConfig wants no secret told where a configuration is wrong:
// most often it is wrong just there.
func TestSecretsInBadConfig(t *testing.T) {
	config := filepath.Join(t.TempDir(), "tilgate.toml")
	for _, text := range []string{
		"[redis]\nurl = \"redis://user:mark-0c72@127.0.0.1:port/0\"\n",
		"[redis]\nurl = \"redis://user:mark-0c72/and@more@127.0.0.1:6379/0\"\n",
		"[redis]\nurl = \"http://user:mark-0c72@127.0.0.1:6379/0\"\n",
		"[ledger]\naddress = \"postgres://user:mark-0c72@127.0.0.1:port/x\"\n",
		"[ledger]\naddress = \"mysql://user:mark-0c72@127.0.0.1/x\"\n",
		"[handover]\nqueue = \"redis://user:mark-0c72@[::1/0\"\n",
		"[handover]\nwebhook = \"ftp://user:mark-0c72@host/x\"\n",
		"[handover]\nemail = \"imap://user:mark-0c72@host\"\nfrom = \"a@b.example\"\n",
		"[ollama]\nurl = \"http://user:mark-0c72@%zz\"\n",
		"[openai]\nurl = \"user:mark-0c72@host\"\n",
		"[otel]\nendpoint = \"://user:mark-0c72@host\"\n",
		"[qdrant]\napi_key = \"mark-0c72\"\n",
		"[qdrant]\napi_key = mark-0c72\n",
		"[[backend]]\nname = \"a\"\nurl = \"http//user:mark-0c72@host\"\nkind = \"vllm\"\n",
	} {
		write(t, config, text)
		for _, command := range []string{"serve", "config", "doctor"} {
			code, out, errOut := runWithSecrets(t, command, "--config", config)
			if code == 0 && command != "config" {
				t.Errorf("%s: %q is taken", command, text)
			}
			checkSecrets(t, command+" of "+text, out+errOut, "mark-0c72")
		}
	}
	// A command line that is wrong is quoted, but for what is known to be secret.
	write(t, config, "")
	for _, args := range [][]string{{"kb", "copy", "a", "--from", config, "--to", "http://user:mark-0c72@host"}, {"search", "--lang", "http://x:mark-0c72@y", "x"}} {
		_, out, errOut := runWithSecrets(t, args...)
		checkSecrets(t, strings.Join(args, " "), out+errOut, ":mark-0c72")
	}
}

// TestSecretFiles reads secrets as containers mount them.
func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	for _, tt := range []struct {
		env  map[string]string
		want string
		says string
	}{
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": path("plain", "from a file\n")}, "from a file", ""},
		{map[string]string{"TILGATE_QDRANT_KEY": "from the environment"}, "from the environment", ""},
		{map[string]string{}, "", ""},
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": path("both", "a"), "TILGATE_QDRANT_KEY": "b"}, "", "are both set"},
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": filepath.Join(dir, "none")}, "", "TILGATE_QDRANT_KEY_FILE: open " + filepath.Join(dir, "none")},
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": path("empty", "\n")}, "", "is empty"},
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": path("lines", "one\ntwo\n")}, "", "several lines"},
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": path("long", strings.Repeat("x", mostSecret+1))}, "", "more than 64 KiB"},
		{map[string]string{"TILGATE_QDRANT_KEY_FILE": dir}, "", "is a directory"},
		{map[string]string{"TILGATE_SESSION_SECRET_FILE": path("short", "short")}, "", "TILGATE_SESSION_SECRET has 5 characters"},
	} {
		config := path("tilgate.toml", "[ollama]\nurl = \"\"\n")
		c, err := readConfig(config, func(name string) string { return tt.env[name] })
		if tt.says != "" {
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "one\n") {
				t.Errorf("%v: %v, want %q", tt.env, err, tt.says)
			}
			continue
		}
		if err != nil || c.Qdrant.APIKey != tt.want {
			t.Errorf("%v: %q, %v", tt.env, c.Qdrant.APIKey, err)
		}
	}
}

func TestVeil(t *testing.T) {
	v := new(veil)
	env := v.env(func(name string) string {
		return map[string]string{"TILGATE_A_KEY": "abcd", "TILGATE_B_PASSWORD": `abcd"ef`, "TILGATE_C_KEY": "xyz", "HOME": "/home/x"}[name]
	})
	for _, name := range []string{"TILGATE_A_KEY", "TILGATE_B_PASSWORD", "TILGATE_C_KEY", "HOME"} {
		env(name)
	}
	for said, want := range map[string]string{
		`wrong: abcd`:                            `wrong: ***`,
		`wrong: abcd"ef`:                         `wrong: ***`,
		`{"err":"abcd\"ef"}`:                     `{"err":"***"}`,
		`at abcd%22ef`:                           `at ***`,
		`xyz is too short, /home/x is none`:      `xyz is too short, /home/x is none`,
		`"redis://u:p@h:1/0" and "http://h:80/"`: `"redis://u:***@h:1/0" and "http://h:80/"`,
		`redis://:p/q@r@h:1`:                     `redis://:***@h:1`,
		`http://h:80/a mail to b@c`:              `http://h:80/a mail to b@c`,
		`http://h/?a=1&api_key=k`:                `http://h/?a=1&api_key=***`,
	} {
		var out strings.Builder
		if n, err := (veiled{veil: v, to: &out, log: true}).Write([]byte(said)); out.String() != want || n != len(said) || err != nil {
			t.Errorf("%s became %s, %d, %v", said, out.String(), n, err)
		}
	}
	for _, name := range []string{"TILGATE_BACKUP_PASSPHRASE", "TILGATE_BACKEND_A_B_KEY", "TILGATE_QDRANT_KEY_TO", "TILGATE_KEY"} {
		if !secretName.MatchString(name) {
			t.Errorf("%s holds no secret", name)
		}
	}
}
