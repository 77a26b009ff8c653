package adapters

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/sign"
	"tilgate/internal/verdict"
)

// language writes a language file: good, with the tag and what is added.
func language(tag string, more ...string) string {
	text := strings.Replace(good, `tag = "ky"`, `tag = "`+tag+`"`, 1)
	for _, m := range more {
		key, _, _ := strings.Cut(m, " ")
		var lines []string
		for _, line := range strings.Split(text, "\n") {
			if !strings.HasPrefix(line, key+" ") {
				lines = append(lines, line)
			}
		}
		text = m + "\n" + strings.Join(lines, "\n")
	}
	return text
}

func files(texts ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i, text := range texts {
		m[fmt.Sprintf("f%d.toml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestChain(t *testing.T) {
	set, err := Load(Options{Only: []lang.Tag{"kk", "ru"}}, files(language("ky", `fallback = ["kk", "ru"]`), language("kk", `fallback = ["ru"]`), language("ru")))
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[lang.Tag]string{"ky": "kk, ru", "ky-Latn": "kk, ru", "kk": "kk, ru", "ru-RU": "ru", "tr": ""} {
		var got []lang.Tag
		for _, a := range set.Chain(tag) {
			got = append(got, a.Tag)
		}
		if join(got) != want {
			t.Errorf("Chain(%s) = %s, want %s", tag, join(got), want)
		}
	}
	if _, ok := set.For("ky"); ok {
		t.Error("a language that is not served is")
	}
}

func TestOverlay(t *testing.T) {
	set, err := Load(Options{}, files(language("ky"), language("kk")), files(language("ky", `name = "Кыргыз тили"`)))
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := set.For("ky"); a.Name != "Кыргыз тили" || len(set.Tags()) != 2 {
		t.Errorf("%s of %v", a.Name, set.Tags())
	}
}

func TestSetFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		only  []lang.Tag
		files []string
		want  []string
	}{
		{"a cycle", nil, []string{language("ky", `fallback = ["kk"]`), language("kk", `fallback = ["uz"]`), language("uz", `fallback = ["ky"]`)},
			[]string{"fallback: a cycle, kk to uz to ky to kk"}},
		{"itself", nil, []string{language("ky", `fallback = ["ky"]`)}, []string{"adapter ky: fallback: a cycle, ky to ky"}},
		{"nowhere", nil, []string{language("ky", `fallback = ["kaa"]`)}, []string{"no language file describes kaa"}},
		{"two for one tag", nil, []string{language("tl"), language("fil")}, []string{"adapter tl: tag: two files"}},
		{"a model's name that is an alias", nil, []string{language("ky"), language("kk", `model = "qwen3:ky"`)},
			[]string{`adapter kk: model: "qwen3:ky" would also mean the model "qwen3" in ky`}},
		{"to be served, and not there", []lang.Tag{"uz"}, []string{language("ky")}, []string{"no language file describes uz", "there are ky"}},
		{"several at once", []lang.Tag{"uz"}, []string{language("ky", `fallback = ["ky", "kaa"]`)}, []string{"uz", "kaa", "cycle"}},
		{"pivot", nil, []string{language("ky", `kind = "pivot"`)}, []string{"pivot is reserved and not yet served"}},
		{"a LoRA without weights", nil, []string{language("ky", `kind = "lora"`)}, []string{"lora is missing"}},
		{"weights and all wrong", nil, []string{language("ky", `kind = "lora"`, `gate = "perhaps"`, `lora = { file = "../x", sha256 = "abc", licence = " ", scale = 11 }`)},
			[]string{"lora.file", "lora.sha256", "lora.licence", "lora.scale", "model is missing", `gate: "perhaps"`}},
		{"weights of another kind", nil, []string{language("ky", `model = "m"`, `lora = { file = "x", sha256 = "`+strings.Repeat("a", 64)+`", licence = "MIT" }`)},
			[]string{"lora: kind is prompt_only"}},
		{"a gate without weights", nil, []string{language("ky", `gate = "required"`)}, []string{"no weights that could be judged"}},
		{"a full model without a name", nil, []string{language("ky", `kind = "full_model"`)}, []string{"model is missing"}},
		{"too large", nil, []string{"# " + strings.Repeat("x", maxFile)}, []string{"a language file has 1048576 at most"}},
	} {
		_, err := Load(Options{Only: tt.only}, files(tt.files...))
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", tt.name, err, want)
			}
		}
	}
}

func TestAlias(t *testing.T) {
	set, err := Load(Options{}, files(language("ky")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"qwen3:8b:ky": "qwen3:8b ky", "auto:KY": "auto ky", "m:ky-Latn": "m ky-Latn", "qwen3:8b": "", "ky": "", "m:": "", ":ky": " ky"} {
		model, tag, ok := set.Alias(name)
		if got := model + " " + string(tag); ok != (want != "") || ok && got != want {
			t.Errorf("Alias(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
}

const weights = `lora = { file = "ky/w.gguf", sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", licence = "MIT" }`

func TestGate(t *testing.T) {
	secret, other := sign.NewSecret(), sign.NewSecret()
	text := language("ky", `kind = "lora"`, `model = "base:1b"`, `gate = "required"`, weights)
	plain, err := Load(Options{}, files(text))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := plain.For("ky")
	subject := a.Subject("base digest")
	changed := func(change func(*verdict.Subject)) verdict.Subject {
		s := subject
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name string
		v    verdict.Verdict
		key  sign.Secret
		want string
	}{
		{"promoted", verdict.Verdict{Tag: "ky", Subject: subject, Decision: verdict.Promote}, secret, ""},
		{"blocked", verdict.Verdict{Tag: "ky", Subject: subject, Decision: verdict.Block}, secret, "gate_block"},
		{"no evidence", verdict.Verdict{Tag: "ky", Subject: subject, Decision: verdict.NoEvidence}, secret, "gate_no_evidence"},
		{"other weights", verdict.Verdict{Tag: "ky", Subject: changed(func(s *verdict.Subject) { s.Weights = "x" }), Decision: verdict.Promote}, secret, "gate_changed"},
		{"another prompt", verdict.Verdict{Tag: "ky", Subject: changed(func(s *verdict.Subject) { s.Prompt = "x" }), Decision: verdict.Promote}, secret, "gate_changed"},
		{"another base", verdict.Verdict{Tag: "ky", Subject: changed(func(s *verdict.Subject) { s.Base = "x" }), Decision: verdict.Promote}, secret, "gate_changed"},
		{"somebody else's", verdict.Verdict{Tag: "ky", Subject: subject, Decision: verdict.Promote}, other, "gate_untrusted"},
		{"about another language", verdict.Verdict{Tag: "kk", Subject: subject, Decision: verdict.Promote}, secret, "gate_untrusted"},
	} {
		file, err := verdict.Sign(tt.v, tt.key)
		if err != nil {
			t.Fatal(err)
		}
		dir := files(text)
		dir["ky/verdict.json"] = &fstest.MapFile{Data: file}
		set, err := Load(Options{Gates: func() []sign.Key { return []sign.Key{secret.Key()} }}, dir)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := set.For("ky")
		if why, ok := a.Admits("base digest"); why != tt.want || ok != (tt.want == "") {
			t.Errorf("%s: %q, %v, want %q", tt.name, why, ok, tt.want)
		}
	}
	if why, ok := a.Admits("base digest"); ok || why != "gate_no_verdict" {
		t.Errorf("without a verdict: %q, %v", why, ok)
	}
	open, _ := Load(Options{}, files(language("ky", `kind = "lora"`, `model = "base:1b"`, weights)))
	if b, _ := open.For("ky"); b.ServedName() != a.ServedName() || !IsServedName(a.ServedName()) {
		t.Errorf("the same weights are %s and %s", a.ServedName(), b.ServedName())
	} else if why, ok := b.Admits("anything"); !ok {
		t.Errorf("no gate, yet %q", why)
	}
	moved, _ := Load(Options{}, files(language("ky", `kind = "lora"`, `model = "base:2b"`, weights)))
	if b, _ := moved.For("ky"); b.ServedName() == a.ServedName() {
		t.Error("on another base the weights have the same name")
	}
}

func TestGlossary(t *testing.T) {
	dir := files(language("ky"))
	dir["ky/glossary.tsv"] = &fstest.MapFile{Data: []byte("\uFEFF# башкы терминдер\nпенсия\tжөлөк пул\tэскертүү\r\n\nID\tинсан күбөлүк\nӨКМӨТ\tөкмөт\nwatu\tадамдар\n")}
	set, err := Load(Options{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := set.For("ky")
	for question, want := range map[string]string{
		"Пенсияга качан чыгам?":  "жөлөк пул",
		"окмот жана пенсия":      "өкмөт, жөлөк пул", // typed on a Russian keyboard
		"ID керекпи?":            "инсан күбөлүк",
		"видео":                  "",
		"id-карта":               "инсан күбөлүк",
		"Пенсия, пенсия, пенсия": "жөлөк пул",
		"": "",
	} {
		var got []string
		for _, term := range a.Glossary.In(question) {
			got = append(got, term.Target)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%q holds %q, want %q", question, got, want)
		}
	}
	if m := a.Glossary.Missing(a.Glossary.In("пенсия, ID"), "Инсан күбөлүктү алып келиңиз."); len(m) != 1 || m[0].Target != "жөлөк пул" {
		t.Errorf("missing: %v", m)
	}
	dir["ky/glossary.tsv"] = &fstest.MapFile{Data: []byte("пенсия\n\tх\nа\t\xff\n" + strings.Repeat("а", 300) + "\tб\n")}
	_, err = Load(Options{}, dir)
	for _, want := range []string{"line 1: \"пенсия\" has no tab", "line 2: one side", "line 3: this is not UTF-8", "line 4: a term is longer"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// What changes in the folder takes effect; what is wrong there does not.
func TestLive(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
		os.Chtimes(path, now, now)
	}
	write("ky.toml", language("ky", `name = "биринчи"`))
	var log strings.Builder
	l, err := OpenLive(Options{}, os.DirFS(dir), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	name := func(tag lang.Tag) string {
		if a, ok := l.Set().For(tag); ok {
			return a.Name
		}
		return ""
	}
	expect := func(what, tag, want string) {
		t.Helper()
		l.refresh()
		if got := name(lang.Tag(tag)); got != want {
			t.Errorf("%s: %s is %q, want %q\n%s", what, tag, got, want, log.String())
		}
	}
	bundled, _ := Bundled()
	original, _ := bundled.For("ky")
	expect("at the start", "ky", "биринчи")
	write("ky.toml", language("ky", `name = "экинчи"`))
	expect("changed", "ky", "экинчи")
	write("ky.toml", language("ky", `name = ""`))
	write("kaa.toml", language("kaa", `name = "қарақалпақ"`))
	expect("broken", "ky", "экинчи")
	expect("added beside a broken one", "kaa", "қарақалпақ")
	if !strings.Contains(log.String(), "name is missing") {
		t.Errorf("the log does not say what is wrong: %s", log.String())
	}
	write("ky.toml", language("ky", `name = "үчүнчү"`, `fallback = ["kaa"]`))
	write("kaa.toml", language("kaa", `fallback = ["ky"]`))
	expect("a cycle", "ky", "экинчи")
	os.Remove(filepath.Join(dir, "kaa.toml"))
	write("ky.toml", language("ky", `name = "төртүнчү"`))
	expect("mended", "ky", "төртүнчү")
	expect("removed", "kaa", "")
	write("ky/glossary.tsv", "а\tб\n")
	l.refresh()
	if a, _ := l.Set().For("ky"); len(a.Glossary.Terms) != 1 {
		t.Error("a new glossary is not seen")
	}
	os.Remove(filepath.Join(dir, "ky.toml"))
	expect("removed", "ky", original.Name)
	os.RemoveAll(dir)
	expect("the folder is gone", "ky", original.Name)
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "kaa.toml"), []byte(language("kaa")), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := OpenLive(Options{}, os.DirFS(dir), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		go l.Watch(t.Context(), time.Second)
		synctest.Wait()
		if err := os.Remove(filepath.Join(dir, "kaa.toml")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if _, ok := l.Set().For("kaa"); ok {
			t.Error("a file that is gone is still in force")
		}
	})
}

func FuzzGlossary(f *testing.F) {
	f.Add("пенсия\tжөлөк пул\n", "Пенсияга качан чыгам?")
	f.Add("\t\n\xff", "а")
	f.Fuzz(func(t *testing.T, text, question string) {
		dir := files(language("ky"))
		dir["ky/glossary.tsv"] = &fstest.MapFile{Data: []byte(text)}
		set, err := Load(Options{}, dir)
		if err != nil {
			return
		}
		a, _ := set.For("ky")
		if found := a.Glossary.In(question); len(found) > maxMatches || len(found) > len(a.Glossary.Terms) {
			t.Errorf("%d terms found", len(found))
		}
	})
}
