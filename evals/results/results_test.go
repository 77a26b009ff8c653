package results

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/evals"
)

func cases(n int) []evals.Case {
	task := &evals.Task{Suite: "s", Name: "t", Lang: "ky"}
	var list []evals.Case
	for i := range n {
		list = append(list, evals.Case{Task: task, Item: &evals.Item{ID: fmt.Sprint(i)}, Prompt: "p", Turns: []evals.Turn{{Role: "user", Text: fmt.Sprint("суроо ", i)}}})
	}
	return list
}

func result(c evals.Case) evals.Result {
	return evals.Result{Model: "m", Key: c.Key(), Digest: c.Digest(), Scores: map[string]float64{"acc": 1}}
}

// begun is a folder with answers to some cases.
func begun(t *testing.T, list []evals.Case) string {
	t.Helper()
	dir := t.TempDir()
	f, err := Create(dir, evals.Meta{Models: []string{"m"}, Cases: len(list)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if err := f.Keep(result(c)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A run that ended in the middle of a line goes on before it, wherever in the
// line that was.
func TestResume(t *testing.T) {
	list := cases(5)
	whole, err := os.ReadFile(filepath.Join(begun(t, list[:3]), resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	third := strings.LastIndex(strings.TrimSuffix(string(whole), "\n"), "\n") + 1
	for cut := third; cut <= len(whole); cut++ {
		dir := begun(t, nil)
		if err := os.WriteFile(filepath.Join(dir, resultsFile), whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Resume(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		had := 2
		if cut == len(whole) {
			had = 3
		}
		for i, c := range list {
			if f.Has("m", c) != (i < had) {
				t.Fatalf("cut at %d: case %d is there: %v", cut, i, f.Has("m", c))
			}
			if i >= had {
				if err := f.Keep(result(c)); err != nil {
					t.Fatal(err)
				}
			}
		}
		f.Close()
		again, err := Read(dir)
		if err != nil || len(again.Samples(list)) != 5 || again.Fits(list) != nil {
			t.Fatalf("cut at %d: %d samples, %v", cut, len(again.Samples(list)), err)
		}
	}
}

func TestFaults(t *testing.T) {
	list := cases(2)
	dir := begun(t, list)
	if _, err := Create(dir, evals.Meta{}); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("a run in the place of another: %v", err)
	}
	f, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(dir); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("two at once: %v", err)
	}
	nan := result(list[0])
	nan.Scores["acc"] = math.NaN()
	if err := f.Keep(nan); err == nil || !strings.Contains(err.Error(), "acc") {
		t.Errorf("NaN: %v", err)
	}
	if err := f.Fits(list[:1]); err == nil {
		t.Error("a case that there is no more fits")
	}
	changed := cases(2)
	changed[1].Turns[0].Text = "башка суроо"
	if err := f.Fits(changed); err == nil || !strings.Contains(err.Error(), "other words") {
		t.Errorf("other words: %v", err)
	}
	f.Close()
	for name, tt := range map[string]struct{ file, text, says string }{
		"another version": {metaFile, `{"format": 9, "version": "v7"}`, "format 9"},
		"no JSON":         {metaFile, `{"form`, metaFile},
		"a broken line":   {resultsFile, "{\"model\":\"m\",\"key\":\"k\"}\nrubbish\n", resultsFile + ":2"},
		"twice":           {resultsFile, "{\"model\":\"m\",\"key\":\"k\"}\n{\"model\":\"m\",\"key\":\"k\"}\n", resultsFile + ":2"},
		"no case":         {resultsFile, "{}\n", resultsFile + ":1"},
	} {
		dir := begun(t, list)
		if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Resume(dir); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no run") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestForget(t *testing.T) {
	list := cases(3)
	dir := begun(t, list[:1])
	f, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	bad := result(list[1])
	bad.Error = "gone"
	if err := errors.Join(f.Keep(bad), f.Forget(), f.Keep(result(list[2]))); err != nil {
		t.Fatal(err)
	}
	f.Close()
	again, err := Read(dir)
	if err != nil || !again.Has("m", list[0]) || again.Has("m", list[1]) || !again.Has("m", list[2]) {
		t.Errorf("%+v, %v", again.Results, err)
	}
}

func TestCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.jsonl")
	one, err := OpenCache(path, "http://a 1")
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Put("m", "d", evals.Answer{Text: "жооп"}); err != nil {
		t.Fatal(err)
	}
	one.Close()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, `{"key":"http://a 1 m e","ans`) // killed while writing
	file.Close()
	two, err := OpenCache(path, "http://a 1")
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Put("m", "f", evals.Answer{Text: "экинчи"}); err != nil {
		t.Fatal(err)
	}
	two.Close()
	three, err := OpenCache(path, "http://a 1")
	if err != nil {
		t.Fatal(err)
	}
	defer three.Close()
	for digest, want := range map[string]string{"d": "жооп", "e": "", "f": "экинчи"} {
		if a, ok := three.Get("m", digest); a.Text != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", digest, a.Text, ok)
		}
	}
	other, err := OpenCache(path, "http://b 1")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, ok := other.Get("m", "d"); ok {
		t.Error("the answer of another server is given")
	}
}

func FuzzResults(f *testing.F) {
	f.Add([]byte(`{"model":"m","key":"k"}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, metaFile), []byte(`{"format":1}`), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, resultsFile), data, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Resume(dir)
		if err != nil {
			return
		}
		had := len(f.Results)
		f.Close()
		if again, err := Resume(dir); err != nil || len(again.Results) != had {
			t.Errorf("what was opened once cannot be again: %v", err)
		}
	})
}
