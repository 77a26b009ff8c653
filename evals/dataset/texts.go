package dataset

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// eachFile makes a part of each file in dir whose name ends in the code of a
// language that is wanted: "mgsm_sw.tsv", "aym.tsv".
func eachFile(r *reader, dir, ext string, langs []lang.Tag, make func(lang.Tag) *evals.Task) ([]part, error) {
	files, err := fs.ReadDir(r.FS, dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range files {
		stem, ok := strings.CutSuffix(f.Name(), ext)
		if !ok {
			continue
		}
		stem = stem[strings.LastIndexAny(stem, "_.")+1:]
		if tag, err := tag(stem); err == nil && wanted(tag, langs) {
			parts = append(parts, part{make(tag), path.Join(dir, f.Name())})
		}
	}
	return parts, nil
}

// pairs puts two files side by side, line by line.
func pairs(r *reader, source, target string) ([]evals.Item, error) {
	from, err := r.textLines(source)
	if err != nil {
		return nil, err
	}
	to, err := r.textLines(target)
	if err != nil {
		return nil, err
	}
	if len(from) != len(to) {
		return nil, fault.Invalid.Errorf("%s has %d lines, but %s has %d", source, len(from), target, len(to))
	}
	var items []evals.Item
	for i := range from {
		if strings.TrimSpace(from[i]) == "" || strings.TrimSpace(to[i]) == "" {
			continue // NTREX keeps the place of a segment that was lost
		}
		items = append(items, evals.Item{ID: strconv.Itoa(i + 1), Text: from[i], Gold: evals.Texts{to[i]}})
	}
	return items, nil
}

func ntrexTasks(r *reader, langs []lang.Tag) ([]part, error) {
	const dir, source = "NTREX-128", "NTREX-128/newstest2019-src.eng.txt"
	files, err := fs.Glob(r.FS, dir+"/newstest2019-ref.*.txt")
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range files {
		code := strings.TrimSuffix(strings.TrimPrefix(path.Base(f), "newstest2019-ref."), ".txt")
		tag, err := tag(strings.ReplaceAll(code, "-", "_"))
		if err != nil || !wanted(tag, langs) {
			continue
		}
		items, err := pairs(r, source, f)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{&evals.Task{Name: "en", Kind: evals.Translation, Lang: tag, From: "en", Items: items, MaxTokens: 512}, f})
	}
	return parts, nil
}

// xwmtTasks makes a task of each direction. The folder "en-ky" holds en-ky.en
// and en-ky.ky.
func xwmtTasks(r *reader, langs []lang.Tag) ([]part, error) {
	dir := ""
	for _, d := range []string{"test", "xwmt/test"} {
		if info, err := fs.Stat(r.FS, d); err == nil && info.IsDir() {
			dir = d
		}
	}
	if dir == "" {
		return nil, fault.NotFound.Errorf("there is no folder test")
	}
	folders, err := fs.ReadDir(r.FS, dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range folders {
		from, to, ok := strings.Cut(f.Name(), "-")
		fromTag, err := tag(from)
		toTag, err2 := tag(to)
		if !ok || err != nil || err2 != nil || !wanted(toTag, langs) {
			continue
		}
		stem := path.Join(dir, f.Name(), f.Name())
		items, err := pairs(r, stem+"."+from, stem+"."+to)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{&evals.Task{Name: from, Kind: evals.Translation, Lang: toTag, From: fromTag, Items: items, MaxTokens: 512}, stem + "." + to})
	}
	return parts, nil
}

// questionText is one question of SQuAD's JSON.
type questionText struct {
	ID         any `json:"id"`
	Question   string
	Impossible bool `json:"is_impossible"`
	Answers    []struct{ Text string }
}

type paragraph struct {
	Context string
	QAs     []questionText `json:"qas"`
}

// paragraphs are a list, or in some files an object that has them by number.
type paragraphs []paragraph

func (p *paragraphs) UnmarshalJSON(data []byte) error {
	var list []paragraph
	if json.Unmarshal(data, &list) == nil {
		*p = list
		return nil
	}
	var one paragraph
	if err := json.Unmarshal(data, &one); err == nil && one.Context != "" {
		*p = paragraphs{one}
		return nil
	}
	var byName map[string]paragraph
	if err := json.Unmarshal(data, &byName); err != nil {
		return err
	}
	names := make([]string, 0, len(byName))
	for n := range byName {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	for _, n := range names {
		*p = append(*p, byName[n])
	}
	return nil
}

func squadItems(r *reader, name string) ([]evals.Item, error) {
	data, err := r.file(name)
	if err != nil {
		return nil, err
	}
	var file struct {
		Data []struct{ Paragraphs paragraphs }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if file.Data == nil { // UQuAD is the passages by number
		return numberedItems(name, data)
	}
	var items []evals.Item
	n := 0
	for i, article := range file.Data {
		for j, p := range article.Paragraphs {
			n++
			for k, q := range p.QAs {
				item, err := questionItem(p.Context, q, strconv.Itoa(n))
				if err != nil {
					return nil, fmt.Errorf("%s: data[%d].paragraphs[%d].qas[%d]: %w", name, i, j, k, err)
				}
				items = append(items, item)
			}
		}
	}
	return items, nil
}

func questionItem(context string, q questionText, cluster string) (evals.Item, error) {
	item := evals.Item{ID: plainID(q.ID), Text: q.Question, Context: strings.TrimPrefix(context, "\ufeff"), Refuse: q.Impossible, Cluster: cluster}
	for _, a := range q.Answers {
		if strings.TrimSpace(a.Text) != "" && !slices.Contains(item.Gold, a.Text) {
			item.Gold = append(item.Gold, a.Text)
		}
	}
	if len(item.Gold) == 0 && !q.Impossible {
		return item, fault.Invalid.Errorf("the question %s has no answer", item.ID)
	}
	return item, nil
}

// plainID writes an id that is a number or a text.
func plainID(id any) string {
	if f, ok := id.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strings.ReplaceAll(fmt.Sprint(id), "/", "_")
}

// numberedItems reads UQuAD, whose passages have their questions beside them.
func numberedItems(name string, data []byte) ([]evals.Item, error) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	numbers := make([]string, 0, len(file))
	for n := range file {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	var items []evals.Item
	for _, n := range numbers {
		found, err := passageItems(file[n], n)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, n, err)
		}
		items = append(items, found...)
	}
	return items, nil
}

func squadTasks(r *reader, langs []lang.Tag) ([]part, error) {
	files, err := fs.Glob(r.FS, "*.json")
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range files {
		stem := strings.TrimSuffix(path.Base(f), ".json")
		if strings.HasPrefix(stem, "train") || strings.HasPrefix(stem, "dev") && slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, "test") }) {
			continue // what a model may have learnt from, and chosen by
		}
		items, err := squadItems(r, f)
		if err != nil {
			return nil, err
		}
		tag, err := squadLang(stem, items)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if wanted(tag, langs) {
			parts = append(parts, part{&evals.Task{Name: "qa", Kind: evals.Reading, Lang: tag, Items: items, MaxTokens: 64}, f})
		}
	}
	return parts, nil
}

// squadLang is the language in the name of the file ("xquad.th"), or else that
// of the questions.
func squadLang(stem string, items []evals.Item) (lang.Tag, error) {
	if i := strings.LastIndexByte(stem, '.'); i >= 0 {
		if t, err := tag(stem[i+1:]); err == nil {
			return t, nil
		}
	}
	var all strings.Builder
	for _, i := range items[:min(len(items), 200)] {
		fmt.Fprintln(&all, i.Text)
	}
	if t := lid.Default().Detect(all.String(), lid.Options{}).Tag; t != lang.Und {
		return t.Base(), nil
	}
	return "", fault.Invalid.Errorf("the language of its questions cannot be told")
}
