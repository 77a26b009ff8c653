package web

import (
	"bytes"
	"compress/gzip"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"tilgate/internal/lang"
)

func packed(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, 5) // as the gateway packs
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// manyLanguages are about as many as there are language files.
func manyLanguages() (list []Language) {
	for _, tag := range strings.Fields("am ar az ba bn ckb cs en es fa fr ha hi hu id ig jv kk km ko ky ln lo mn ms my ne om ps pt rn ru rw sd si so sr sw ta te tg th ti tk tl tr tt ug uk ur uz vi wo yo zh zu") {
		list = append(list, Language{lang.Tag(tag), "Language " + tag})
	}
	return list
}

// TestFirstLoad checks what a reader pays before the first question, in every
// language: page, style, script and icon, in bytes as they travel.
func TestFirstLoad(t *testing.T) {
	const most = 40_000
	s := newSite(t)
	files := 0
	for _, path := range s.Paths() {
		a, _ := s.Asset(path)
		files += packed(t, a.Body)
	}
	worst := 0
	for _, w := range s.Spoken() {
		html, err := s.Parts(View{Words: w, Languages: manyLanguages(), Feedback: true, Share: true, CanForget: true, MaxQuestion: 32000}, "top", "title", "form", "bottom")
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, packed(t, html))
	}
	t.Logf("page %d bytes, files %d bytes", worst, files)
	if worst+files > most {
		t.Errorf("the first load is %d bytes, of at most %d", worst+files, most)
	}
}

// TestNothingFromElsewhere checks that no file of the page names another host,
// and that nothing needs a weaker policy.
func TestNothingFromElsewhere(t *testing.T) {
	s := newSite(t)
	for _, path := range s.Paths() {
		a, _ := s.Asset(path)
		body := strings.ReplaceAll(string(a.Body), "http://www.w3.org/2000/svg", "")
		if found := regexp.MustCompile(`https?://[a-z]|@import|url\(|\beval\b|innerHTML|outerHTML|insertAdjacentHTML|document\.write|new Function|\.style\b|localStorage`).FindString(body); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
	}
	for _, weak := range []string{"unsafe", "data:", "*", "http"} {
		if strings.Contains(Policy, weak) {
			t.Errorf("the policy has %q", weak)
		}
	}
}

// hostile is what somebody may have written into anything.
const hostile = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>{{.}}` + "\u202e"

func TestHostile(t *testing.T) {
	s := newSite(t)
	v := View{Words: s.Words("ur", ""), Question: hostile, Error: hostile, Detail: hostile, Languages: []Language{{hostile, hostile}}, Feedback: true, Share: true, MaxQuestion: 9,
		Answer: &Answer{ID: hostile, Taken: hostile, Lang: hostile, Dir: hostile, Notice: hostile, Text: hostile + " [1] [a](javascript:alert(1))",
			Sources: []Source{{N: 1, Title: hostile, Head: hostile, Text: hostile, Lang: hostile, Dir: hostile, Where: "javascript:alert(3)//https://" + hostile, Date: hostile}},
			Quotes:  map[int][]Quote{1: {{3, 9}, {-1, 2}, {5, 7}, {20, 9000}}}}}
	html, err := s.Parts(v, "top", "title", "coming", "come", "answer", "turned", "form", "bottom")
	if err != nil {
		t.Fatal(err)
	}
	body := string(html)
	if found := regexp.MustCompile(`(?i)href="\s*javascript`).FindString(body); found != "" {
		t.Errorf("the page leads to %q", found)
	}
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(body, `""`) // values of attributes
	if found := regexp.MustCompile(`(?i)<img|<script[^>]*>[^<]|<[^>]*\son\w+=|<style| style=`).FindString(bare); found != "" {
		t.Errorf("the page holds %q", found)
	}
	if n := strings.Count(body, "<script"); n != 1 {
		t.Errorf("%d scripts, want ours alone", n)
	}
}

// TestScript checks that the script is one, as far as that can be seen without
// a browser.
func TestScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here, which reads the page's script")
	}
	s := newSite(t)
	a, ok := s.Asset(s.Script)
	if !ok {
		t.Fatalf("there is no %s", s.Script)
	}
	cmd := exec.CommandContext(t.Context(), node, "--check", "-")
	cmd.Stdin = bytes.NewReader(a.Body)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	said := s.scriptWords(s.Words("en", ""))
	for _, m := range regexp.MustCompile(`\bsay\.(\w+)`).FindAllStringSubmatch(string(a.Body), -1) {
		if !strings.Contains(said, `"`+m[1]+`":`) {
			t.Errorf("the script says %q, which it is not given", m[1])
		}
	}
}
