package html

import (
	"net/url"
	"strings"
	"testing"
)

func TestSuccession(t *testing.T) {
	for _, tt := range []struct{ name, head, edition, replaces, by string }{
		{name: "nothing"},
		{name: "Dublin Core", head: `<meta name=DCTERMS.replaces content=/ky/2019><meta name=dcterms.isReplacedBy content="https://other.example/2026#a"><meta name="dcterms.hasVersion" content="3-басылышы">`,
			edition: "3-басылышы", replaces: "https://min.example/ky/2019", by: "https://other.example/2026"},
		{name: "links", head: `<link rel="predecessor-version" href=2018><link rel=dcterms.replaces href=/ky/2017><link rel="alternate successor-version" href="/ky/2026">`,
			replaces: "https://min.example/ky/2018 https://min.example/ky/2017", by: "https://min.example/ky/2026"},
		{name: "another site's place cannot be taken", head: `<meta name=dcterms.replaces content="https://gov.example/law"><link rel=predecessor-version href="//gov.example/">`},
		{name: "nor that of what is no page", head: `<link rel=predecessor-version href="javascript:1"><meta name=dcterms.replaces content="a b">`, replaces: "https://min.example/ky/a%20b"},
		{name: "it is the latest itself", head: `<link rel=latest-version href="/ky/a">`},
		{name: "what took its place has a name alone", head: `<meta name=dcterms.isReplacedBy content="2026-жылдын мыйзамы">`, by: "2026-жылдын мыйзамы"},
		{name: "a version that is an address", head: `<meta name=dcterms.hasVersion content="https://min.example/ky/b">`},
	} {
		p := read1(t, "<head>"+tt.head+"</head><p>текст</p>", Origin{URL: &url.URL{Scheme: "https", Host: "min.example", Path: "/ky/a"}})
		if got := strings.Join(p.Replaces, " "); p.Edition != tt.edition || got != tt.replaces || p.ReplacedBy != tt.by {
			t.Errorf("%s: edition %q, replaces %q, replaced by %q", tt.name, p.Edition, got, p.ReplacedBy)
		}
	}
	p := read1(t, `<meta name=dcterms.replaces content="old.html"><meta name=dcterms.isReplacedBy content="new.html"><p>текст</p>`, Origin{})
	if len(p.Replaces) != 1 || p.Replaces[0] != "old.html" || p.ReplacedBy != "new.html" {
		t.Errorf("a file: %q, %q", p.Replaces, p.ReplacedBy)
	}
}
