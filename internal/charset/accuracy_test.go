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

// TestAccuracy prints the table of the package documentation, and fails when
// detection is worse than it says.
func TestAccuracy(t *testing.T) {
	texts := sentences(t, true)
	var all, right, sure, lies, implausible [3]int
	lengths := [3]int{100, 300, 1000}
	for _, w := range written {
		i := slices.IndexFunc(candidates, func(c candidate) bool { return c.name == w.encoding })
		c := candidates[i]
		for _, label := range strings.Fields(w.labels) {
			if label == "srp-Cyrl" { // is full of Latin letters that only look Cyrillic
				for i, text := range texts[label] {
					texts[label][i] = strings.NewReplacer("a", "а", "o", "о", "e", "е", "j", "ј", "A", "А", "O", "О", "T", "Т", "M", "М").Replace(text)
				}
			}
			row := ""
			var worst [3]float64
			tight := 0
			for k, length := range lengths {
				n, ok, s, lie, bad := 0, 0, 0, 0, 0
				wrong := map[string]int{}
				for _, text := range crops(texts[label], length) {
					data := encodeAs(c, text)
					if ascii(data) {
						continue
					}
					n++
					v := detect(data)
					worst[k] = max(worst[k], float64(v.cost-slack)/float64(v.usual+1))
					if v.usual*5/4+slack<v.cost { tight++ }
					good := v.decode(data) == c.decode(data)
					if good {
						ok++
					} else {
						wrong[v.name]++
					}
					if !v.plausible() {
						bad++
					} else if v.sure() {
						s++
						if !good {
							lie++
						}
					}
				}
				all[k] += n
				right[k] += ok
				sure[k] += s
				lies[k] += lie
				implausible[k] += bad
				row += fmt.Sprintf("  %d: %.3f of %d, sure %d, lies %d, impl %d %v", length, float64(ok)/float64(max(n, 1)), n, s, lie, bad, wrong)
			}
			t.Logf("%s %s%s %.2f tight %d", w.encoding, label, row, worst, tight)
		}
	}
	for k, length := range lengths {
		t.Logf("%d characters: %d texts, right %.4f, sure %.4f, sure and wrong %d, implausible %d", length, all[k], float64(right[k])/float64(all[k]), float64(sure[k])/float64(all[k]), lies[k], implausible[k])
	}
}

// crops returns pieces of about length characters.
func crops(texts []string, length int) (all []string) {
	whole := []rune(strings.Join(texts, "\n"))
	step := max(len(whole)/60, length)
	for at := 0; at+length <= len(whole); at += step {
		all = append(all, string(whole[at:at+length]))
	}
	return all
}
