package main

import (
	"os"
	"strings"
	"testing"
)

// What a line is.
func TestEvalScoreLines(t *testing.T) {
	const perfect = `"score":100,`
	for name, tt := range map[string]struct {
		hyp, ref string
		code     int
		says     string
	}{
		"a byte order mark":      {"\ufeffүй чоң\n", "үй чоң\n", 0, perfect},
		"from Windows":           {"үй чоң\r\nай\r\n", "үй чоң\nай\n", 0, perfect},
		"no line feed at last":   {"үй чоң\nай", "үй чоң\nай\n", 0, perfect},
		"other ends of lines":    {"үй\u2028чоң\vай\u0085\n", "үй\u2028чоң\vай\u0085\n", 0, perfect},
		"a carriage return":      {"үй\rчоң\n", "үй\rчоң\n", 0, perfect},
		"nul":                    {"үй\x00чоң\n", "үй\x00чоң\n", 0, perfect},
		"only empty lines":       {"\n\n", "үй\nчоң\n", 0, "2 of 2 lines of hyp are empty"},
		"not UTF-8":              {"үй\nчо\xff\n", "үй\nчоң\n", 1, "hyp:2: the line is not UTF-8"},
		"references not UTF-8":   {"үй\n", "\xd2\n", 1, "ref:1: the line is not UTF-8"},
		"UTF-16":                 {"\xff\xfe\x00\x04\n", "үй\n", 1, "hyp:1: the line is not UTF-8"},
		"more references":        {"үй\n", "үй\nчоң\n", 1, "ref has 2 lines, but hyp has 1: "},
		"a line more at the end": {"үй\n\n", "үй\n", 1, "ref has 1 lines, but hyp has 2: "},
		"nothing":                {"үй\n", "", 1, "ref is empty"},
		"nothing but a mark":     {"\ufeff", "үй\n", 1, "hyp is empty"},
	} {
		t.Chdir(t.TempDir())
		for file, text := range map[string]string{"hyp": tt.hyp, "ref": tt.ref} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		code, stdout, stderr := tilgate(t, "eval", "score", "--metric", "chrf++", "--hyp", "hyp", "--ref", "ref", "--json")
		if code != tt.code || !strings.Contains(stdout+stderr, tt.says) {
			t.Errorf("%s: %d, %s%s, want %d, %s", name, code, stdout, stderr, tt.code, tt.says)
		}
	}
}
