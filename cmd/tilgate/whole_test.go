package main

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag/sample"
	"tilgate/serving"
)

// TestDemo is the whole program without a model, over loopback.
func TestDemo(t *testing.T) {
	s := startDemo(t, t.TempDir(), "--no-model")
	t.Run("the curl line as printed", func(t *testing.T) { asPrinted(t, s) })
	tags, err := sample.Langs()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range tags {
		t.Run("questions in "+string(tag), func(t *testing.T) { askSample(t, s, tag) })
	}
	t.Run("streams", func(t *testing.T) { streamsAlike(t, s) })
	t.Run("errors", func(t *testing.T) { refused(t, s) })
	t.Run("strangers", func(t *testing.T) { strangers(t, s) })
	t.Run("models", func(t *testing.T) { listsModels(t, s) })
}

// asPrinted runs the command that a newcomer copies.
func asPrinted(t *testing.T, s *service) {
	_, rest, _ := strings.Cut(s.out.String(), "With curl:\n\n")
	command, _, ok := strings.Cut(rest, "\n\n")
	if !ok {
		t.Fatalf("no command in:\n%s", s.out)
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl here")
	}
	out, err := exec.Command("sh", "-c", strings.Replace(command, "curl ", "curl -s ", 1)).Output()
	if err != nil {
		t.Fatalf("%s\n%v", command, err)
	}
	a := parseAnswer(t, out)
	if text := a.message().Content; !strings.Contains(text, "58") || a.Tilgate.Degraded != serving.NoModel {
		t.Errorf("%s\nanswers %q, degraded %q", command, text, a.Tilgate.Degraded)
	}
	checkCitations(t, a)
}

// checkCitations wants each annotation to be the place of a mark in the
// content, in code points, and to lead to the passage with that number.
func checkCitations(t *testing.T, a chatAnswer) {
	t.Helper()
	m := a.message()
	letters := []rune(m.Content)
	if a.Tilgate.Chars != len(letters) {
		t.Errorf("chars is %d, the content has %d", a.Tilgate.Chars, len(letters))
	}
	for _, n := range m.Annotations {
		c := n.Citation
		if c.Start < 0 || c.End > len(letters) || c.Start >= c.End {
			t.Errorf("an annotation at %d..%d of %d", c.Start, c.End, len(letters))
			continue
		}
		number := 0
		mark := string(letters[c.Start:c.End])
		if _, err := fmt.Sscanf(mark, "[%d]", &number); err != nil || number < 1 || number > len(a.Tilgate.Passages) {
			t.Errorf("an annotation points at %q", mark)
		} else if from := a.Tilgate.Passages[number-1].Source; from != c.URL {
			t.Errorf("the annotation at %s leads to %q, the passage is from %q", mark, c.URL, from)
		}
	}
}

// Of a language's sample questions that have an answer, so many may be turned
// away or answered from another article. What has no answer may be answered
// as rarely.
const mayBeWrong = 0.3

func askSample(t *testing.T, s *service, tag lang.Tag) {
	questions, err := sample.Questions(tag)
	if err != nil {
		t.Fatal(err)
	}
	set, err := adapters.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	adapter, _ := set.For(tag)
	wrong := 0
	for _, q := range questions {
		a := s.ask(t, "auto", q.Text)
		checkCitations(t, a)
		if script := lang.ScriptOf(a.message().Content); a.Tilgate.Adapter != string(tag) || script != adapter.Scripts[0] {
			t.Errorf("%s: answered by %s in %s: %s", q.ID, a.Tilgate.Adapter, script, a.message().Content)
		}
		if got := cited(a); got != q.Doc {
			wrong++
			t.Logf("%s: %q cites %q, want %q (%s)", q.ID, q.Text, got, q.Doc, a.Tilgate.Degraded)
		}
	}
	if t.Logf("%d of %d wrong", wrong, len(questions)); float64(wrong) > mayBeWrong*float64(len(questions)) {
		t.Errorf("%d of %d questions in %s are answered wrong", wrong, len(questions), tag)
	}
}

// cited returns the article that an answer cites first; "" if it says that
// there is none.
func cited(a chatAnswer) string {
	if len(a.message().Annotations) == 0 {
		if a.Tilgate.Degraded != serving.NotFound {
			return "nothing, and does not say so"
		}
		return ""
	}
	for _, p := range a.Tilgate.Passages {
		if p.Source == a.message().Annotations[0].Citation.URL {
			return p.Document
		}
	}
	return "what is no passage"
}

func streamsAlike(t *testing.T, s *service) {
	for _, question := range []string{demoQuestion, "ចុះបញ្ជីកំណើតកូនខ្ញុំអស់ថ្លៃប៉ុន្មាន?", "Who won the chess championship? 🏆"} {
		whole, streamed := s.ask(t, "auto", question), s.askStream(t, "auto", question)
		if a, b := fmt.Sprintf("%+v", whole.message()), fmt.Sprintf("%+v", streamed.message()); a != b {
			t.Errorf("%s\nas a whole %+v\nas a stream %+v", question, whole.message(), streamed.message())
		}
		if !reflect.DeepEqual(whole.Tilgate, streamed.Tilgate) {
			t.Errorf("%s\nas a whole %+v\nas a stream %+v", question, whole.Tilgate, streamed.Tilgate)
		}
		checkCitations(t, streamed)
	}
}

func listsModels(t *testing.T, s *service) {
	req, _ := http.NewRequest("GET", s.base+"/v1/models", nil)
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	_ = resp.Write(&text)
	for _, want := range []string{`"id":"auto"`, `"id":"auto:ky"`, `"id":"auto:km"`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s is not among the models: %s", want, text.String())
		}
	}
}

// A second start finds the articles and the key where the first left them.
func TestDemoAgain(t *testing.T) {
	data := t.TempDir()
	first := startDemo(t, data, "--no-model")
	if !strings.Contains(first.out.String(), "articles stored in ") {
		t.Errorf("the first start says:\n%s", first.out)
	}
	before := first.ask(t, "auto", demoQuestion)
	if code := first.stop(); code != 0 {
		t.Fatalf("stopping: %d", code)
	}
	second := startDemo(t, data, "--no-model")
	if !strings.Contains(second.out.String(), "articles were stored before") {
		t.Errorf("the second start says:\n%s", second.out)
	}
	if first.key != second.key {
		t.Errorf("the key was %s and is %s", first.key, second.key)
	}
	if after := second.ask(t, "auto", demoQuestion); !reflect.DeepEqual(before.message(), after.message()) {
		t.Errorf("before %+v\nafter %+v", before.message(), after.message())
	}
}

func TestPortTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	data := t.TempDir()
	code, out, errOut := tilgate(t, "demo", "--no-model", "--data", data, "--listen", ln.Addr().String())
	if code != 1 || out != "" || !strings.Contains(errOut, ln.Addr().String()) || !strings.Contains(errOut, "choose another with listen (or --listen)") {
		t.Errorf("code %d, %s%s", code, out, errOut)
	}
}

// Behind a port that is mapped, callers use another name than the one served
// on: it is served when it was named.
func TestDemoHost(t *testing.T) {
	s := startDemo(t, t.TempDir(), "--no-model", "--host", "localhost", "--host", "desk.example")
	if !strings.HasPrefix(s.base, "http://localhost:") {
		t.Errorf("the demo prints %s, want the first host named", s.base)
	}
	body := `{"model": "auto", "messages": [{"role": "user", "content": "How long should I boil river water?"}]}`
	for host, want := range map[string]int{"desk.example": 200, "localhost": 200, "evil.example": 403} {
		if code, answer := s.post(t, body, "Host", host); code != want {
			t.Errorf("Host %s: %d, want %d: %s", host, code, want, answer)
		}
	}
}
