package charset

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var update = flag.Bool("update", false, "write letters.txt again")

// sentences reads the public text of each label. Those of ntrex are for
// measuring, the others for learning.
func sentences(t testing.TB, measure bool) map[string][]string {
	t.Helper()
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED names no folder of shared data")
	}
	sources := []string{"sib200_train", "common_voice", "wikipedia_app", "udhr"}
	if measure {
		sources = []string{"ntrex"}
	}
	all := map[string][]string{}
	for _, source := range sources {
		f, err := os.Open(filepath.Join(shared, "data", "lid", source+".tsv.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			label, text, _ := strings.Cut(lines.Text(), "\t")
			if label == "sr" && !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				continue
			}
			all[label] = append(all[label], norm.NFC.String(text))
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestLetters checks that letters.txt is what the public text says.
func TestLetters(t *testing.T) {
	all := sentences(t, false)
	measured := sentences(t, true)
	all["yue"] = measured["yue"] // Traditional Chinese has no other source
	var b strings.Builder
	names := map[string]bool{}
	for _, c := range candidates {
		for _, name := range strings.Fields(c.languages) {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		for line := range strings.Lines(learn(all[name])) {
			b.WriteString(name + "\t" + line)
		}
	}
	if *update {
		if err := os.WriteFile("letters.txt", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != lettersFile {
		t.Error("letters.txt is not what the shared text says; write it again with -update")
	}
}

// asEncoded writes letters as they were written before Unicode: Windows-1256
// has no Persian yeh, and Windows-1250 no Romanian letters with a comma.
var asEncoded = strings.NewReplacer("ی", "ي", "ș", "ş", "ț", "ţ", "Ș", "Ş", "Ț", "Ţ")

const (
	mostPairs   = 700
	mostLetters = 1500
	leastSeen   = 3
)

// learn returns the lines of a language.
func learn(texts []string) string {
	var c counts
	for _, text := range texts {
		c.add(asEncoded.Replace(text))
	}
	byCost := c.costs()
	mean := usual(byCost, texts)
	byCost[mean] = append(byCost[mean], usualCost)
	var b strings.Builder
	for _, cost := range slices.Sorted(maps.Keys(byCost)) {
		fmt.Fprintf(&b, "%d\t", cost)
		slices.SortFunc(byCost[cost], func(a, b [2]rune) int { return slices.Compare(a[:], b[:]) })
		for _, p := range byCost[cost] {
			b.WriteString(string(p[:]))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// counts are how often letters follow each other, and stand at all.
type counts struct {
	pairs          map[[2]rune]int
	single, before map[rune]int
	all            int
}

func (c *counts) add(text string) {
	if c.pairs == nil {
		*c = counts{pairs: map[[2]rune]int{}, single: map[rune]int{}, before: map[rune]int{}}
	}
	prev := rune(wordBoundary)
	for _, r := range text + " " {
		r = fold(r)
		if !isLetter(r) {
			r = wordBoundary
		}
		if prev != wordBoundary || r != wordBoundary {
			c.before[prev]++
			c.pairs[[2]rune{prev, r}]++
			c.single[r]++
			c.all++
		}
		prev = r
	}
}

// costs returns the pairs that are worth knowing, by their cost. Of a language
// with hundreds of letters, pairs are too rare to say anything.
func (c *counts) costs() map[int][][2]rune {
	byCost := map[int][][2]rune{}
	add := func(p [2]rune, share float64) {
		cost := min(int(math.Round(-2*math.Log2(share))), costUnknown-2)
		byCost[cost] = append(byCost[cost], p)
	}
	many, share := len(c.single) > 500, 1.0
	if !many {
		share = 0.5
		n := 0
		for _, p := range often(c.pairs) {
			if (p[0] >= utf8.RuneSelf || p[1] >= utf8.RuneSelf) && n < mostPairs {
				add(p, float64(c.pairs[p])/float64(c.before[p[0]]))
				n++
			}
		}
	}
	single := map[[2]rune]int{}
	for r, n := range c.single {
		if r != wordBoundary {
			single[[2]rune{anyLetter, r}] = n
		}
	}
	letters := often(single)
	for _, p := range letters[:min(mostLetters, len(letters))] {
		add(p, share*float64(single[p])/float64(c.all))
	}
	return byCost
}

// often returns what was seen several times, the most frequent first.
func often(seen map[[2]rune]int) (all [][2]rune) {
	for p, n := range seen {
		if n >= leastSeen {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b [2]rune) int { return cmp.Or(cmp.Compare(seen[b], seen[a]), slices.Compare(a[:], b[:])) })
	return all
}

// usual returns what a character of texts costs.
func usual(byCost map[int][][2]rune, texts []string) int {
	l := &language{cost: map[[2]rune]uint8{}}
	for cost, pairs := range byCost {
		for _, p := range pairs {
			l.cost[p] = uint8(cost)
		}
	}
	cost, n := 0, 1
	for _, text := range texts {
		v := look(asEncoded.Replace(text))
		cost, n = cost+v.in(l), n+v.n
	}
	return cost/n + 1
}
