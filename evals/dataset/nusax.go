package dataset

import (
	"maps"
	"path"
	"slices"

	"tilgate/evals"
	"tilgate/internal/lang"
)

var sentiments = labels("positive", "neutral", "negative")

func nusaxItems(r *reader, name string) ([]placed, error) {
	rows, err := r.csvRows(name, ',', "id", "text", "label")
	if err != nil {
		return nil, err
	}
	var items []placed
	for _, w := range rows {
		if err := known(w.at, w.cells["label"], sentiments); err != nil {
			return nil, err
		}
		items = append(items, placed{evals.Item{ID: w.cells["id"], Text: w.cells["text"], Gold: evals.Texts{w.cells["label"]}}, w.at})
	}
	return items, nil
}

// nusaxLangs are the folders of NusaX, which are named in English.
var nusaxLangs = map[string]lang.Tag{"acehnese": "ace", "balinese": "ban", "banjarese": "bjn", "buginese": "bug", "english": "en", "indonesian": "id",
	"javanese": "jv", "madurese": "mad", "minangkabau": "min", "ngaju": "nij", "sundanese": "su", "toba_batak": "bbc"}

func nusaxTasks(r *reader, langs []lang.Tag) ([]part, error) {
	var parts []part
	for _, name := range slices.Sorted(maps.Keys(nusaxLangs)) {
		tag, file := nusaxLangs[name], path.Join("datasets/sentiment", name, "test.csv")
		if r.has(file) && wanted(tag, langs) {
			t := &evals.Task{Name: "sentiment", Kind: evals.Classification, Lang: tag, Labels: sentiments, MaxTokens: 16}
			parts = append(parts, part{Task: t, prompts: "sentiment", file: file, code: name})
		}
	}
	return sorted(parts), nil
}
