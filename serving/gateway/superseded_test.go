package gateway

import (
	"strings"
	"testing"

	"tilgate/rag"
	"tilgate/serving"
	"tilgate/serving/web"
)

// superseded are passages of documents that are out of force: another took the
// place of the first, one that is elsewhere that of the second, none that of the
// last.
var superseded = []rag.Passage{
	{KB: "civil", Version: 3, Doc: "law-2019", Title: "Салык", Text: "Он сом.", Lang: "ky", Source: "https://law.example/2019", Date: "2019-01-01", Edition: "1-басылышы",
		SupersededBy: &rag.Successor{Doc: "law-2025", Lang: "ky", Title: "Салык кодекси <2025>", Source: "https://law.example/2025", Date: "2025-01-01", Edition: "2"}},
	{KB: "civil", Doc: "order", Text: "Буйрук.", Lang: "ky", SupersededBy: &rag.Successor{Title: "Жаңы буйрук"}},
	{KB: "civil", Doc: "notice", Text: "Кулактандыруу.", Lang: "ky", SupersededBy: &rag.Successor{}},
}

// Who asks for passages is told which are superseded, and by what.
func TestSuperseded(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	_, body := send(t, "POST", "http://"+addr+"/v1/search", `{"query":"old"}`)
	for _, want := range []string{
		`"kb_version":3,"edition":"1-басылышы","superseded":true,"superseded_by":{"document":"law-2025","lang":"ky","title":"Салык кодекси \u003c2025\u003e","source":"https://law.example/2025","date":"2025-01-01","edition":"2"}}`,
		`"superseded":true,"superseded_by":{"title":"Жаңы буйрук"}}`,
		`"text":"Кулактандыруу.","score":0,"superseded":true}`,
	} {
		if !strings.Contains(body, want) && !strings.Contains(body, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(want)) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if _, body := send(t, "POST", "http://"+addr+"/v1/search", `{"query":"new"}`); strings.Contains(body, "superseded") || strings.Contains(body, "edition") {
		t.Errorf("of one in force: %s", body)
	}
	list := annotationsOf([]serving.Citation{{N: 1, Passage: superseded[0]}})
	if c := list[0].Citation; !c.Superseded || c.Edition != "1-басылышы" || c.Date != "2019-01-01" {
		t.Errorf("cited as %+v", c)
	}
}

// The page says it too.
func TestSupersededSources(t *testing.T) {
	var sources []web.Source
	for i, p := range superseded {
		sources = append(sources, sourceOf(i+1, p))
	}
	site, err := web.New()
	if err != nil {
		t.Fatal(err)
	}
	view := web.View{Site: site, Words: site.Words("ky", ""), Question: "Салык?", Answer: &web.Answer{Taken: "ky", Lang: "ky", Dir: "ltr", Text: "Он сом [1].", Sources: sources}}
	page, err := site.Parts(view, "answer")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<strong lang="ky" dir="ltr">Мындан ары күчүндө эмес.</strong></summary>`,
		`Ордуна келген: <a href="https://law.example/2025" rel="noopener noreferrer"><bdi>Салык кодекси &lt;2025&gt;</bdi></a>`,
		`Ордуна келген: <bdi>Жаңы буйрук</bdi>`,
		`<span>Редакциясы: 1-басылышы</span>`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %s in %s", want, string(page))
		}
	}
	if n := strings.Count(string(page), "Ордуна келген:"); n != 2 {
		t.Errorf("%d successors", n)
	}
}
