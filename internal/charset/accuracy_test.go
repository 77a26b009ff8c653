package charset

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/unicode/norm"
)

// written says in which encodings which text of ntrex may have been written.
var written = []struct {
	encoding string
	labels   string
}{
	{"windows-1251", "rus ukr bel bul mkd srp-Cyrl"},
	{"kz-1048", "kaz"},
	{"pt154", "kaz kir tat bak mon"},
	{"koi8-r", "rus bul"},
	{"koi8-u", "ukr"},
	{"ibm866", "rus"},
	{"iso-8859-5", "rus bul mkd srp-Cyrl bel"},
	{"x-mac-cyrillic", "rus ukr"},
	{"windows-1252", "fra deu spa por ita nld swe dan nob fin isl gle cat glg afr fao"},
	{"windows-1250", "ces slk pol hun slv hrv ron sqi deu"},
	{"iso-8859-2", "ces slk pol hun slv hrv ron"},
	{"windows-1254", "tur"},
	{"windows-1257", "lit lav est"},
	{"windows-1258", "vie"},
	{"viscii", "vie"},
	{"tcvn3", "vie"},
	{"windows-1256", "arb fas urd"},
	{"iso-8859-6", "arb"},
	{"windows-1253", "ell"},
	{"windows-1255", "heb"},
	{"windows-874", "tha"},
	{"gb18030", "zho-CN"},
	{"big5", "zho-TW"},
	{"euc-kr", "kor"},
	{"shift_jis", "jpn"},
	{"euc-jp", "jpn"},
}

// encodeAs writes a text in an encoding as people would have: without the
// characters that it lacks.
func encodeAs(c candidate, text string) []byte {
	if c.name == "windows-1258" {
		text = vietnamese(text)
	}
	if c.name == "tcvn3" {
		text = strings.ToLower(text)
	}
	text = strings.NewReplacer("ی", "ي", "“", `"`, "”", `"`, "’", "'", "‘", "'", "—", "-", "–", "-", "ș", "ş", "ț", "ţ", "Ș", "Ş", "Ț", "Ţ").Replace(text)
	data, err := encoding.ReplaceUnsupported(c.encoding.NewEncoder()).String(text)
	if err == nil && !strings.ContainsAny(data, "\x1a") && !strings.Contains(data, "&#") {
		return []byte(data)
	}
	var out []byte
	for _, r := range text {
		if b, err := c.encoding.NewEncoder().String(string(r)); err == nil {
			out = append(out, b...)
		}
	}
	return out
}

// vietnamese takes the accents of tones off their letters, as Windows-1258 has
// them.
func vietnamese(text string) string {
	var b strings.Builder
	for _, r := range text {
		full := []rune(norm.NFD.String(string(r)))
		if n := len(full); n > 1 && strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", full[n-1]) {
			b.WriteString(norm.NFC.String(string(full[:n-1])) + string(full[n-1]))
		} else if n == 3 && strings.ContainsRune("\u0323", full[1]) { // ệ is e, dot below, circumflex
			b.WriteString(norm.NFC.String(string([]rune{full[0], full[2]})) + "\u0323")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A tally is how often detection was right.
type tally struct{ all, right, sure, lies, implausible int }

func (a *tally) add(b tally) {
	a.all, a.right, a.sure = a.all+b.all, a.right+b.right, a.sure+b.sure
	a.lies, a.implausible = a.lies+b.lies, a.implausible+b.implausible
}

func (a tally) String() string {
	n := float64(max(a.all, 1)) / 100
	return fmt.Sprintf("%d texts: right %.2f %%, sure %.1f %%, sure and wrong %d, implausible %d", a.all, float64(a.right)/n, float64(a.sure)/n, a.lies, a.implausible)
}

// TestAccuracy prints the table of the package documentation, and fails when
// detection is worse than it says.
func TestAccuracy(t *testing.T) {
	texts := sentences(t, true)
	for i, text := range texts["srp-Cyrl"] { // is full of Latin letters that only look Cyrillic
		texts["srp-Cyrl"][i] = strings.NewReplacer("a", "а", "o", "о", "e", "е", "j", "ј", "A", "А", "O", "О", "T", "Т", "M", "М").Replace(text)
	}
	for _, length := range []struct {
		characters  int
		right, sure float64
	}{{100, 0.99, 0.8}, {300, 0.998, 0.94}, {1000, 0.999, 0.97}} {
		var sum tally
		for _, w := range written {
			c := candidates[slices.IndexFunc(candidates, func(c candidate) bool { return c.name == w.encoding })]
			for _, label := range strings.Fields(w.labels) {
				one := measure(c, crops(texts[label], length.characters))
				t.Logf("%d characters of %s in %s, %v", length.characters, label, w.encoding, one)
				sum.add(one)
			}
		}
		t.Logf("%d characters, %v", length.characters, sum)
		if n := float64(sum.all); float64(sum.right) < length.right*n || float64(sum.sure) < length.sure*n || sum.lies > 0 || sum.implausible > 5 {
			t.Errorf("%d characters: worse than it was: %v", length.characters, sum)
		}
	}
}

// measure detects texts that were written in c.
func measure(c candidate, texts []string) (sum tally) {
	for _, text := range texts {
		data := encodeAs(c, text)
		if ascii(data) {
			continue
		}
		v := detect(data)
		one := tally{all: 1}
		if v.decode(data) == c.decode(data) {
			one.right = 1
		}
		switch {
		case !v.plausible():
			one.implausible = 1
		case v.sure():
			one.sure, one.lies = 1, 1-one.right
		}
		sum.add(one)
	}
	return sum
}

// crops returns pieces of about length characters, fewer of them under the race
// detector.
func crops(texts []string, length int) (all []string) {
	whole := []rune(strings.Join(texts, "\n"))
	step := max(len(whole)*shareMeasured/60, length)
	for at := 0; at+length <= len(whole); at += step {
		all = append(all, string(whole[at:at+length]))
	}
	return all
}
