package suites

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/evals"
)

// good is a suite without a fault.
var good = map[string]string{
	"suite.toml": "name = \"try\"\nlicence = \"ours\"\n",
	"ky.toml":    "[[task]]\nname = \"mc\"\nkind = \"multiple_choice\"\nlang = \"ky\"\nitems = \"ky.jsonl\"\nshots = \"shots.jsonl\"\n[[task.prompt]]\nname = \"p\"\ntext = \"{{text}}\\n{{choices}}\"\n",
	"ky.jsonl": "\ufeff" + `{"id":"1","text":"Борбор?","choices":["Ош","Бишкек"],"gold":"B"}` + "\r\n" +
		`{"id":"2","text":"Көл?","choices":["Ысык-Көл","Соң-Көл"],"gold":["A"]}` + "\r\n",
	"shots.jsonl": `{"id":"s","text":"2+2?","choices":["4","5"],"gold":"A"}`,
}

func folder(t *testing.T, change map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range good {
		if other, ok := change[name]; ok {
			text = other
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	s, err := Load(os.DirFS(folder(t, nil)))
	if err != nil {
		t.Fatal(err)
	}
	task := s.Tasks[0]
	if task.ID() != "try/mc/ky" || len(task.Items) != 2 || task.Items[0].Gold[0] != "B" || len(task.Shots) != 1 || len(s.Digest) != 64 {
		t.Errorf("%+v", task)
	}
}

func TestLoadFaults(t *testing.T) {
	item := func(text string) map[string]string { return map[string]string{"ky.jsonl": text} }
	for name, tt := range map[string]struct {
		change map[string]string
		says   string
	}{
		"no name":        {map[string]string{"suite.toml": "title = \"x\""}, "suite.toml: name"},
		"misspelt":       {map[string]string{"suite.toml": "nome = \"x\""}, "there is no key nome"},
		"no task":        {map[string]string{"ky.toml": ""}, "no [[task]]"},
		"odd kind":       {map[string]string{"ky.toml": strings.Replace(good["ky.toml"], "multiple_choice", "quiz", 1)}, `kind is "quiz"`},
		"odd language":   {map[string]string{"ky.toml": strings.Replace(good["ky.toml"], `lang = "ky"`, `lang = "кыргызча"`, 1)}, "lang:"},
		"odd hole":       {map[string]string{"ky.toml": strings.Replace(good["ky.toml"], "{{text}}", "{{txt}}", 1)}, "{{txt}}: a prompt may name"},
		"no file":        {map[string]string{"ky.toml": strings.Replace(good["ky.toml"], "ky.jsonl", "kg.jsonl", 1)}, "kg.jsonl"},
		"task twice":     {map[string]string{"ky.toml": good["ky.toml"] + good["ky.toml"]}, "the task try/mc/ky is there twice"},
		"no JSON":        {item(`{"id":"1"`), "ky.jsonl:1:"},
		"unknown field":  {item(`{"id":"1","text":"a","choices":["b","c"],"gold":"A","answer":"A"}`), `ky.jsonl:1: json: unknown field "answer"`},
		"empty line":     {item("\n" + `{"id":"1","text":"a","choices":["b","c"],"gold":"A"}`), "ky.jsonl:1: the line is empty"},
		"no UTF-8":       {item("{\"id\":\"1\",\"text\":\"\xff\"}"), "ky.jsonl:1: the line is not UTF-8"},
		"id twice":       {item(`{"id":"1","text":"a","choices":["b","c"],"gold":"A"}` + "\n" + `{"id":"1","text":"b","choices":["b","c"],"gold":"A"}`), `ky.jsonl:2: the id "1" was there in line 1`},
		"no gold":        {item(`{"id":"1","text":"a","choices":["b","c"]}`), "ky.jsonl:1: gold is []"},
		"beyond choices": {item(`{"id":"1","text":"a","choices":["b","c"],"gold":"C"}`), `ky.jsonl:1: gold is ["C"]; it is the letter of the right choice, one of AB`},
		"two items":      {item(`{"id":"1","text":"a","choices":["b","c"],"gold":"A"}{"id":"2"}`), "ky.jsonl:1: something follows"},
		"no text":        {item(`{"id":"1","text":" ","choices":["b","c"],"gold":"A"}`), "ky.jsonl:1: text is missing"},
	} {
		s, err := Load(os.DirFS(folder(t, tt.change)))
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v, want %q", name, s, err, tt.says)
		}
	}
}

func TestSeal(t *testing.T) {
	dir := folder(t, nil)
	for range 2 { // sealing again changes nothing
		if n, err := Seal(dir); n != 3 || err != nil {
			t.Fatalf("%d files, %v", n, err)
		}
		if _, err := Load(os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	edited := strings.Replace(good["ky.jsonl"], "Борбор", "Баш калаа", 1)
	if err := os.WriteFile(filepath.Join(dir, "ky.jsonl"), []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(os.DirFS(dir)); err == nil || !strings.Contains(err.Error(), "ky.jsonl has the SHA-256") {
		t.Errorf("an edited file: %v", err)
	}
	if _, err := Seal(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kk.toml"), []byte(strings.ReplaceAll(good["ky.toml"], `lang = "ky"`, `lang = "kk"`)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(os.DirFS(dir)); err == nil || !strings.Contains(err.Error(), "kk.toml is not named under [sha256]") {
		t.Errorf("a file more: %v", err)
	}
}

// TestShipped is that the suites that come with Tilgate hold together.
func TestShipped(t *testing.T) {
	s, err := Desk()
	if err != nil {
		t.Fatal(err)
	}
	items := map[string]int{}
	for _, task := range s.Tasks {
		items[string(task.Lang)] += len(task.Items)
	}
	for tag, n := range items {
		if n < 30 {
			t.Errorf("%s has %d items", tag, n)
		}
	}
}

func FuzzItems(f *testing.F) {
	f.Add([]byte(good["ky.jsonl"]), 0)
	f.Fuzz(func(t *testing.T, data []byte, kind int) {
		task := &evals.Task{Kind: evals.Kinds[(kind%len(evals.Kinds)+len(evals.Kinds))%len(evals.Kinds)], Prompts: []evals.Prompt{{Name: "p", Text: "{{text}} {{choices}}"}}, Labels: []evals.Label{{Name: "a"}, {Name: "b"}}}
		items, err := Items(data, "f", task)
		if err != nil {
			return
		}
		task.Items = items
		if _, err := task.Cases(0); err != nil {
			t.Errorf("%q: %v", data, err)
		}
	})
}
