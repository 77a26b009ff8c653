package plain

import (
	"fmt"
	"strings"
	"testing"

	"tilgate/rag"
)

// said is what a document says of its edition.
func said(d rag.Document) string {
	return fmt.Sprintf("%s|%s|%s", d.Edition, strings.Join(d.Replaces, ";"), d.ReplacedBy)
}

func TestEdition(t *testing.T) {
	for _, tt := range []struct{ head, want string }{
		{"edition: 3-басылышы\nreplaces: katto-2019", "3-басылышы|katto-2019|"},
		{"version: 2024-05-01\nreplaced_by: https://desk.example/a", "2024-05-01||https://desk.example/a"},
		{"superseded_by: 'Жаңы мыйзам'", "||Жаңы мыйзам"},
		{"replaces: [a, \"b c\", 'd.md']", "|a;b c;d.md|"},
		{"replaces:\n  - a\n- b\ntitle: x\n- c", "|a;b|"},
		{"tags:\n - a\nreplaces: b", "|b|"},
		{"replaces: []", "||"},
		{"replaces: a\nreplaces: b", "|a;b|"},
		{"edition: " + strings.Repeat("а", 60), "||"},                                              // too long to be one
		{"replaces: [" + strings.Repeat("a,", 30) + "]", "|" + strings.Repeat(";a", 20)[1:] + "|"}, // as many as one may
	} {
		item, fault := page("x.md", "---\n"+tt.head+"\n---\nКаттоо акысыз.")
		if got := said(item.Document); got != tt.want || fault != "" {
			t.Errorf("%q: %q, %s; want %q", tt.head, got, fault, tt.want)
		}
	}
}

func TestRowEdition(t *testing.T) {
	for _, tt := range []struct {
		row    string
		fields Fields
		want   string
	}{
		{`{"edition": "2", "replaces": "a", "replaced_by": "c"}`, Fields{}, "2|a|c"},
		{`{"edition": 3, "replaces": ["a", "https://desk.example/b"]}`, Fields{}, "3|a;https://desk.example/b|"},
		{`{"meta": {"v": "4", "old": ["a"]}, "next": "c", "edition": "5"}`, Fields{Edition: "meta.v", Replaces: "meta.old", ReplacedBy: "next"}, "4|a|c"},
		{`{"edition": null, "replaces": {"id": "a"}, "replaced_by": true}`, Fields{}, "||"},
	} {
		items, faults := all(JSONL(tt.fields), file("x.jsonl", strings.Replace(tt.row, "{", `{"id": "x", "text": "Каттоо.", `, 1)))
		if len(items) != 1 || said(items[0].Document) != tt.want {
			t.Errorf("%s: %v, %q; want %q", tt.row, items, faults, tt.want)
		}
	}
}
