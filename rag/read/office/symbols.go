package office

import "strings"

// Fonts of symbols draw a sign for each byte. Word writes these bytes as
// private characters from U+F000.

func isSymbolFont(font string) bool { return symbolTable(font) != nil }

func symbolTable(font string) map[rune]rune {
	switch strings.ToLower(font) {
	case "symbol":
		return symbolSigns
	case "wingdings":
		return wingdings
	case "wingdings 2":
		return wingdings2
	}
	return nil
}

// symbols returns a text in a font of symbols as Unicode. Ornaments are left
// out.
func symbols(font, text string) string {
	table := symbolTable(font)
	return strings.Map(func(r rune) rune {
		if r >= 0xF000 && r < 0xF100 {
			r -= 0xF000
		}
		switch to, ok := table[r]; {
		case ok:
			return to
		case r == ' ' || r == '\n' || r == '\t', r >= 0x100: // others are drawn in another font
			return r
		}
		return -1
	}, text)
}

// symbol returns one character of a font: a sign of a font of symbols, or of
// any other font the character itself.
func symbol(font string, r rune) string {
	if isSymbolFont(font) {
		return symbols(font, string(r))
	}
	if r >= 0xE000 && r < 0xF900 || r < ' ' {
		return ""
	}
	return string(r)
}

var (
	symbolSigns = signs(
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ",
		"abcdefghijklmnopqrstuvwxyz", "αβχδεφγηιϕκλμνοπθρστυϖωξψζ",
		"0123456789!#%&()+,./:;<=>?[]{|}_-*", "0123456789!#%&()+,./:;<=>?[]{|}_−∗",
		"\xa3\xa5\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb6\xb7\xb8\xb9\xba\xbb\xbc", "≤∞←↑→↓°±″≥×∂•÷≠≡≈…",
		"\xc6\xc7\xc8\xce\xd1\xd5\xd6\xd7\xde\xe5\xf2", "∅∩∪∈∇∏√⋅⇒∑∫",
	)
	wingdings = signs(
		"\xfc\xfb\xfe\xfd\xa8o\xa7nl\x9f\x9e", "✓✗☑☒☐□▪■●•·",
		"\xd8\xe0\xe8\xf0v()*", "➢→➔⇨❖☎✆✉",
		"\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a", "①②③④⑤⑥⑦⑧⑨⑩",
		"\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95", "❶❷❸❹❺❻❼❽❾❿",
	)
	wingdings2 = signs("PORSTQ\xa3", "✓✗☑☒☒☒☐")
)

// signs maps bytes to what they are drawn as.
func signs(pairs ...string) map[rune]rune {
	table := map[rune]rune{}
	for i := 0; i < len(pairs); i += 2 {
		for j, to := range []rune(pairs[i+1]) {
			table[rune(pairs[i][j])] = to
		}
	}
	return table
}
