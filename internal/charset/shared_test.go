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
		b.WriteString(learn(name, all[name]))
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

// learn returns the lines of a language.
func learn(name string, texts []string) string {
	const most = 700
	latin := !slices.ContainsFunc(texts, func(s string) bool {
		return unicode.In([]rune(s + " ")[0], unicode.Cyrillic, unicode.Arabic, unicode.Han)
	})
	pairs, single, before, total := map[[2]rune]int{}, map[rune]int{}, map[rune]int{}, 0
	for _, text := range texts {
		if !latin && name == "sr" && !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			continue
		}
		prev := rune(wordBoundary)
		for _, r := range asEncoded.Replace(text) + " " {
			r = fold(r)
			if !isLetter(r) {
				r = wordBoundary
			}
			if prev != wordBoundary || r != wordBoundary {
				before[prev]++
				pairs[[2]rune{prev, r}]++
				single[r]++
				total++
			}
			prev = r
		}
	}
	byCost := map[int][][2]rune{}
	add := func(p [2]rune, share float64) {
		cost := int(math.Round(-2 * math.Log2(share)))
		byCost[min(cost, costUnknown-2)] = append(byCost[min(cost, costUnknown-2)], p)
	}
	han := single['的'] > 0 || single['の'] > 0 || single['는'] > 0
	seen := slices.SortedFunc(maps.Keys(pairs), func(a, b [2]rune) int {
		return cmp.Or(cmp.Compare(pairs[b], pairs[a]), slices.Compare(a[:], b[:]))
	})
	n := 0
	for _, p := range seen {
		if (p[0] >= utf8.RuneSelf || p[1] >= utf8.RuneSelf) && pairs[p] > 2 && n < most && !han {
			add(p, float64(pairs[p])/float64(before[p[0]]))
			n++
		}
	}
	letters := slices.SortedFunc(maps.Keys(single), func(a, b rune) int {
		return cmp.Or(cmp.Compare(single[b], single[a]), cmp.Compare(a, b))
	})
	for i, r := range letters {
		if single[r] > 2 && i < 1500 && r != wordBoundary {
			less := 0.5
			if han {
				less = 1
			}
			add([2]rune{anyLetter, r}, less*float64(single[r])/float64(total))
		}
	}
	add2 := usual(byCost, texts)
	byCost[add2] = append(byCost[add2], usualCost)
	var b strings.Builder
	for _, cost := range slices.Sorted(maps.Keys(byCost)) {
		fmt.Fprintf(&b, "%s\t%d\t", name, cost)
		slices.SortFunc(byCost[cost], func(a, b [2]rune) int { return slices.Compare(a[:], b[:]) })
		for _, p := range byCost[cost] {
			b.WriteString(string(p[:]))
		}
		b.WriteByte('\n')
	}
	return b.String()
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
