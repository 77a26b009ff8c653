package quality

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s, want -, got +:\n%s", path, diff)
	}
}

func TestJSON(t *testing.T) {
	data, err := json.MarshalIndent(sampleReport(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", string(data)+"\n")
}

func TestText(t *testing.T) {
	golden(t, "report.txt", text(t, sampleReport(t)))
}

func TestTextOfNothing(t *testing.T) {
	golden(t, "nothing.txt", text(t, Report{KB: "desk", Findings: findings(Report{})}))
}
