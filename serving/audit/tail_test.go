package audit

import (
	"os"
	"strings"
	"testing"
)

func TestVerifyTail(t *testing.T) {
	folder := t.TempDir()
	if _, err := VerifyTail(folder); err == nil || !strings.Contains(err.Error(), "there is no audit log") {
		t.Errorf("an empty folder: %v", err)
	}
	days(t, folder, Options{}, 1, 2, 2, 2)
	if c, err := VerifyTail(folder); err != nil || c.Records != 3 || c.First != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	files, _ := Files(folder)
	newest := files[len(files)-1]
	text, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for what, changed := range map[string]string{
		"its hash is not that of its text": strings.Replace(string(text), "answer", "ANSWER", 1),
		"records were removed":             lines[0] + lines[2],
		"the end was cut off":              lines[0] + lines[1],
	} {
		if err := os.WriteFile(newest, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyTail(folder); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}
