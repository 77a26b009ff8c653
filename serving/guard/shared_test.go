package guard

import (
	"bufio"
	"compress/gzip"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

// TestShared is TestSample's first half on fifteen thousand sentences, some of
// them labelled wrongly. The detector was trained on most of them, so TestUnseen
// says more.
func TestShared(t *testing.T) {
	dir := os.Getenv("TILGATE_SHARED")
	if dir == "" {
		t.Skip("TILGATE_SHARED names no folder of shared data")
	}
	set, err := adapters.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "data/lid/*.tsv.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	d := detector{lid.Default()}
	total, wrong := 0, 0
	for _, file := range files {
		seen := map[lang.Tag]int{}
		for label, text := range labelled(t, file) {
			tag, err := lang.ParseTag(strings.ReplaceAll(label, "_", "-"))
			a, ok := set.For(tag)
			if err != nil || !ok || seen[a.Tag] == 60 || lang.ScriptOf(text) != a.Scripts[0] {
				continue
			}
			seen[a.Tag]++
			total++
			j := judge{detector: d, tag: a.Tag, scripts: a.Scripts}
			if err := j.pass(text); err != nil {
				wrong++
				t.Logf("%s, %s: %q: %v", filepath.Base(file), a.Tag, text, err)
			}
		}
	}
	t.Logf("%d of %d held wrong", wrong, total)
	if wrong*1000 > total {
		t.Errorf("%d of %d held wrong, want 1 in 1,000 at most", wrong, total)
	}
}

// labelled yields the lines of label, tab and text in a file.
func labelled(t *testing.T, file string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(z)
		for lines.Scan() {
			if label, text, _ := strings.Cut(lines.Text(), "\t"); !yield(label, text) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnseen judges text that the detector was not trained on: XWMT, whose
// sentences are parallel in languages that are hard to tell apart. Each should
// pass in its own language, and its translation should not.
func TestUnseen(t *testing.T) {
	dir := os.Getenv("TILGATE_SHARED")
	if dir == "" {
		t.Skip("TILGATE_SHARED names no folder of shared data")
	}
	files, err := filepath.Glob(filepath.Join(dir, "data/evals/xwmt/xwmt/test/*/*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	set, err := bundledSet()
	if err != nil {
		t.Fatal(err)
	}
	var own, wrong, foreign, caught int
	for _, file := range files {
		written := lang.Tag(strings.TrimPrefix(filepath.Ext(file), "."))
		for _, asked := range strings.Split(filepath.Base(filepath.Dir(file)), "-") {
			a, ok := set.For(lang.Tag(asked))
			if !ok {
				continue
			}
			missed, total := misses(t, file, a)
			if written == a.Tag {
				own, wrong = own+total, wrong+missed
			} else {
				foreign, caught = foreign+total, caught+missed
			}
		}
	}
	t.Logf("%d of %d own sentences held wrong, %d of %d translations caught", wrong, own, caught, foreign)
	if wrong*1000 > own || caught*100 < 98*foreign {
		t.Error("want 1 in 1,000 held wrong at most, and 98 % of the translations caught")
	}
}

// misses counts the lines of a file that are not taken for a's language, of
// those that are long enough to say.
func misses(t *testing.T, file string, a *adapters.Adapter) (missed, total int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if countLetters(line) < lettersForLanguage {
			continue
		}
		total++
		j := judge{detector: detector{lid.Default()}, tag: a.Tag, scripts: a.Scripts}
		if j.pass(line) != nil {
			missed++
		}
	}
	return missed, total
}
