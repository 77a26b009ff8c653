package report

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"tilgate/evals"
	"tilgate/internal/lang"
)

func written(t *testing.T, r evals.Report, samples []evals.Sample, history []evals.Report) string {
	t.Helper()
	var b strings.Builder
	if err := HTML(&b, r, samples, history); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements parses a page, without its style and script, and fails on what is
// not closed.
func elements(t *testing.T, html string) []xml.StartElement {
	t.Helper()
	html = strings.Replace(strings.Replace(html, pageCSS, "", 1), pageJS, "", 1)
	html = strings.Replace(html, "<!DOCTYPE html>", "", 1)
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict = false
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	var list []xml.StartElement
	for {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			list = append(list, e)
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestHTMLStandsAlone(t *testing.T) {
	r, samples, history := sampleRun()
	html := written(t, r, samples, history)
	ids, links := map[string]bool{}, []string{}
	for _, e := range elements(t, html) {
		if id := attribute(e, "id"); id != "" {
			if ids[id] {
				t.Errorf("two elements are called %q", id)
			}
			ids[id] = true
		}
		for _, a := range e.Attr {
			name := strings.ToLower(a.Name.Local)
			if name == "src" || name == "srcset" || name == "style" || strings.HasPrefix(name, "on") {
				t.Errorf("<%s> has %s=%q", e.Name.Local, name, a.Value)
			}
			if name == "href" {
				links = append(links, a.Value)
			}
		}
		switch e.Name.Local {
		case "link", "iframe", "object", "embed", "image", "use", "base", "form":
			t.Errorf("<%s> may ask for something", e.Name.Local)
		}
	}
	for _, link := range links {
		if !strings.HasPrefix(link, "#") || !ids[link[1:]] {
			t.Errorf("a link leads to %q", link)
		}
	}
	if strings.Contains(pageCSS, "url(") || strings.Contains(pageCSS, "@import") {
		t.Error("the style asks for a file")
	}
	if n := strings.Count(html, "<script"); n != 1 {
		t.Errorf("%d scripts, want one", n)
	}
}

func TestHTMLDirections(t *testing.T) {
	r, samples, _ := sampleRun()
	html := written(t, r, samples, nil)
	for _, want := range []string{
		`lang="ar" dir="rtl"`, `lang="fa" dir="rtl"`, `lang="ur" dir="rtl"`, `lang="ky" dir="ltr"`, `lang="km" dir="ltr"`,
		`lang="en" dir="ltr"`, // an answer in another language than was asked for
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s on the page", want)
		}
	}
}

func TestDirectionOf(t *testing.T) {
	for _, tt := range []struct{ tag, text, want string }{
		{"ar", "ما هي؟", "rtl"},
		{"ar", "", "rtl"},
		{"ug", "42", "rtl"},
		{"ckb", "!", "rtl"},
		{"sd", "", "rtl"},
		{"ps", "", "rtl"},
		{"ky", "7", "ltr"},
		{"fa", "I cannot answer.", "ltr"}, // as it is written, not as it should be
		{"und", "", "ltr"},
	} {
		if got := directionOf(tt.text, lang.Tag(tt.tag)); got != tt.want {
			t.Errorf("directionOf(%q, %s) = %s, want %s", tt.text, tt.tag, got, tt.want)
		}
	}
}

func TestHTMLHostile(t *testing.T) {
	const evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202Etxt.exe\u2066"
	r, samples, _ := sampleRun()
	for i := range r.Summaries {
		r.Summaries[i].Model = strings.Replace(r.Summaries[i].Model, base, evil, 1)
	}
	for i := range samples {
		samples[i].Result.Answer.Text = evil
		samples[i].Result.Answer.Lang = `en" onclick="alert(1)`
		samples[i].Case.Item.Text, samples[i].Result.Model, samples[i].Case.Prompt = evil, evil, evil
		if samples[i].Result.Error != "" {
			samples[i].Result.Error = evil
		}
	}
	r.Pairs[0].System, r.Meta.Name, r.Meta.Target = evil, evil, evil
	r.Meta.Suites[0].Licence = evil
	html := written(t, r, samples, []evals.Report{r})
	for _, bad := range []string{"<script>alert", "<img", "\u202E", "\u2066", `onclick="alert`} {
		if strings.Contains(html, bad) {
			t.Errorf("%q came through", bad)
		}
	}
	if !strings.Contains(html, `<code class="acts">U&#43;202E</code>`) {
		t.Error("the page does not say that an answer has U+202E")
	}
	elements(t, html)
}

func TestHTMLLeavesOut(t *testing.T) {
	r, samples, history := sampleRun()
	whole, bare := written(t, r, samples, history), written(t, evals.Report{}, nil, nil)
	for _, id := range []string{"findings", "differences", "scores", "cost", "retrieval", "history", "failures", "all", "words"} {
		if !strings.Contains(whole, `<section id="`+id+`"`) {
			t.Errorf("section %s is missing", id)
		}
		if strings.Contains(bare, `<section id="`+id+`"`) {
			t.Errorf("section %s of a run with nothing in it", id)
		}
	}
	for _, want := range []string{
		"is better than its base", "Better in 3 of 3 tests", "CC BY-SA 4.0", "nrefs:1", "18\u202f000 cases", strings.Repeat("fedcba98", 8),
	} {
		if one := singlePair(r); !strings.Contains(whole+written(t, one, nil, nil), want) {
			t.Errorf("nowhere %q", want)
		}
	}
}

func TestHTMLIsTheSameEachTime(t *testing.T) {
	r, samples, history := sampleRun()
	first := written(t, r, samples, history)
	if second := written(t, r, samples, history); first != second {
		t.Error("two pages of one run differ")
	}
}

// singlePair is a run with one comparison.
func singlePair(r evals.Report) evals.Report {
	r.Pairs = r.Pairs[:1]
	return r
}
