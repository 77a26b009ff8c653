package dataset

import (
	"cmp"
	"path"
	"slices"
	"strconv"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// sorted puts parts in the order of their languages and names.
func sorted(parts []part) []part {
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Name, b.Name)) })
	return parts
}

func labels(names ...string) []evals.Label {
	var list []evals.Label
	for _, n := range names {
		list = append(list, evals.Label{Name: n})
	}
	return list
}

// known refuses a label that is not in the list.
func known(w row, column string, list []evals.Label) error {
	if name := w.cells[column]; !slices.ContainsFunc(list, func(l evals.Label) bool { return l.Name == name }) {
		return fault.Invalid.Errorf("%s: the label %q is none of the data set's", w.at, name)
	}
	return nil
}

var (
	topics     = labels("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")
	sentiments = labels("positive", "neutral", "negative")
	relations  = labels("entailment", "neutral", "contradiction")
)

func sibItems(r *reader, name string) ([]evals.Item, error) {
	rows, err := r.tsvRows(name, "index_id", "category", "text")
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for _, w := range rows {
		if err := known(w, "category", topics); err != nil {
			return nil, err
		}
		items = append(items, evals.Item{ID: w.cells["index_id"], Text: w.cells["text"], Gold: evals.Texts{w.cells["category"]}})
	}
	return items, nil
}

func sibTasks(r *reader, langs []lang.Tag) ([]part, error) {
	return eachFolder(r, "data/annotated", langs, func(code string, tag lang.Tag) (part, error) {
		return part{&evals.Task{Name: "topic", Kind: evals.Classification, Lang: tag, Labels: topics, MaxTokens: 16}, path.Join("data/annotated", code, "test.tsv")}, nil
	})
}

func nusaxItems(r *reader, name string) ([]evals.Item, error) {
	rows, err := r.csvRows(name, "id", "text", "label")
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for _, w := range rows {
		if err := known(w, "label", sentiments); err != nil {
			return nil, err
		}
		items = append(items, evals.Item{ID: w.cells["id"], Text: w.cells["text"], Gold: evals.Texts{w.cells["label"]}})
	}
	return items, nil
}

// nusaxLangs are the folders of NusaX, which are named in English.
var nusaxLangs = map[string]lang.Tag{"acehnese": "ace", "balinese": "ban", "banjarese": "bjn", "buginese": "bug", "english": "en", "indonesian": "id",
	"javanese": "jv", "madurese": "mad", "minangkabau": "min", "ngaju": "nij", "sundanese": "su", "toba_batak": "bbc"}

func nusaxTasks(r *reader, langs []lang.Tag) ([]part, error) {
	var parts []part
	for name, tag := range nusaxLangs {
		file := path.Join("datasets/sentiment", name, "test.csv")
		if f, err := r.Open(file); err != nil || !wanted(tag, langs) {
			continue
		} else {
			f.Close()
		}
		parts = append(parts, part{&evals.Task{Name: "sentiment", Kind: evals.Classification, Lang: tag, Labels: sentiments, MaxTokens: 16}, file})
	}
	return sorted(parts), nil
}

func nliItems(r *reader, name string) ([]evals.Item, error) {
	rows, err := r.tsvRows(name, "id", "premise", "hypothesis", "label")
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for _, w := range rows {
		if err := known(w, "label", relations); err != nil {
			return nil, err
		}
		items = append(items, evals.Item{ID: w.cells["id"], Text: w.cells["hypothesis"], Context: w.cells["premise"], Gold: evals.Texts{w.cells["label"]}, Cluster: w.cells["premise"]})
	}
	return items, nil
}

func nliTasks(r *reader, langs []lang.Tag) ([]part, error) {
	return eachFile(r, "data/anli_final/test", ".tsv", langs, func(tag lang.Tag) *evals.Task {
		return &evals.Task{Name: "nli", Kind: evals.Classification, Lang: tag, Labels: relations, MaxTokens: 16}
	})
}

func mgsmItems(r *reader, name string) ([]evals.Item, error) {
	lines, err := r.textLines(name)
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for i, l := range lines {
		question, answer, ok := cutLast(l, '\t')
		if !ok {
			return nil, fault.Invalid.Errorf("%s:%d: there is no tab between question and answer", name, i+1)
		}
		items = append(items, evals.Item{ID: strconv.Itoa(i), Text: question, Gold: evals.Texts{answer}})
	}
	return items, nil
}

func mgsmTasks(r *reader, langs []lang.Tag) ([]part, error) {
	dir := "."
	if _, err := r.Open("mgsm"); err == nil {
		dir = "mgsm"
	}
	return eachFile(r, dir, ".tsv", langs, func(tag lang.Tag) *evals.Task {
		return &evals.Task{Name: "sums", Kind: evals.Number, Lang: tag, MaxTokens: 512}
	})
}
