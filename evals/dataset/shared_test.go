package dataset

import (
	"os"
	"path/filepath"
	"testing"

	"tilgate/internal/lang"
)

// TestPublished reads every public data set as it is published.
func TestPublished(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no public data sets to read")
	}
	for _, tt := range []struct {
		format, dir string
		tasks       int
		items       map[lang.Tag]int // of the first task in a language
	}{
		{"xcopa", "evals/xcopa", 11, map[lang.Tag]int{"th": 500, "qu": 500, "id": 500}},
		{"copal", "evals/copal-id", 2, map[lang.Tag]int{"id": 559}},
		{"sib200", "evals/sib200", 30, map[lang.Tag]int{"ky": 204, "bo": 204, "ug": 204}},
		{"nusax", "evals/nusax", 6, map[lang.Tag]int{"jv": 400, "bug": 400}},
		{"americasnli", "evals/americasnli", 3, map[lang.Tag]int{"qu": 750, "gn": 750, "ay": 750}},
		{"uzlib", "evals/uzlib", 1, map[lang.Tag]int{"uz": 1861}},
		{"mgsm", "evals/mgsm", 5, map[lang.Tag]int{"sw": 250, "en": 250}},
		{"squad", "evals/xquad", 4, map[lang.Tag]int{"th": 1190, "ar": 1190}},
		{"squad", "evals/amqa", 1, map[lang.Tag]int{"am": 299}},
		{"squad", "evals/uquad", 1, map[lang.Tag]int{"ur": 139}},
		{"afriqa", "evals/afriqa", 19, map[lang.Tag]int{"ha": 300}},
		{"ntrex", "evals/ntrex", 15, map[lang.Tag]int{"ky": 1997, "lo": 1997}},
		{"xwmt", "evals/xwmt", 12, map[lang.Tag]int{"ky": 500}},
		{"beir", "retrieval/amqa-am", 1, nil},
	} {
		s, err := Suite(tt.format, os.DirFS(filepath.Join(shared, "data", tt.dir)), nil)
		if err != nil {
			t.Errorf("%s: %v", tt.dir, err)
			continue
		}
		if len(s.Tasks) != tt.tasks || s.Digest == "" || s.Licence == "" {
			t.Errorf("%s: %d tasks, want %d", tt.dir, len(s.Tasks), tt.tasks)
		}
		seen := map[lang.Tag]bool{}
		for _, task := range s.Tasks {
			if want, ok := tt.items[task.Lang]; ok && !seen[task.Lang] && len(task.Items) != want {
				t.Errorf("%s: %d items, want %d", task.ID(), len(task.Items), want)
			}
			seen[task.Lang] = true
			if _, err := task.Cases(-1); err != nil || len(task.Prompts) < 2 && task.Name != "rag" {
				t.Errorf("%s: %d prompts, %v", task.ID(), len(task.Prompts), err)
			}
		}
		for tag := range tt.items {
			if !seen[tag] {
				t.Errorf("%s: there is no task in %s", tt.dir, tag)
			}
		}
	}
}
