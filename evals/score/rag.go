package score

import (
	"slices"

	"tilgate/evals"
	"tilgate/evals/metric"
	"tilgate/internal/lang"
)

// grounded scores an answer out of a knowledge base: as a short answer, by
// what was found, by what it cites, and by how much of it its sources say.
func grounded(c evals.Case, r *evals.Result) {
	short(c, r)
	retrieval(c, r)
	citations(c, r)
	texts := sources(c, &r.Answer)
	if says(r.Answer.Text, c.Task.Abstentions) || len(texts) == 0 {
		return // nothing is claimed, or nothing is known of what it rests on
	}
	if s, ok := Support(c.Task.Lang, Bare(r.Answer.Text), texts); ok {
		r.Scores["grounded"] = s
	}
}

// retrieval scores what was found with the ranking metrics of trec_eval.
func retrieval(c evals.Case, r *evals.Result) {
	if len(c.Item.Relevant) == 0 || r.Answer.Passages == nil {
		return
	}
	relevant := map[string]int{}
	for _, id := range c.Item.Relevant {
		relevant[id] = 1
	}
	ranked := metric.Order(documents(r.Answer.Passages))
	r.Scores["ndcg@10"] = metric.NDCG(ranked, relevant, 10)
	r.Scores["map"] = metric.AP(ranked, relevant, len(ranked))
	r.Scores["mrr@10"] = metric.MRR(ranked, relevant, 10)
	r.Scores["recall@10"] = metric.Recall(ranked, relevant, 10)
}

// documents ranks documents by their best passage.
func documents(passages []evals.Passage) []evals.Ranked {
	var ranked []evals.Ranked
	for _, p := range passages {
		if !slices.ContainsFunc(ranked, func(r evals.Ranked) bool { return r.Doc == p.Doc }) {
			ranked = append(ranked, evals.Ranked{Doc: p.Doc, Score: p.Score})
		}
	}
	return ranked
}

// citations scores which documents are cited: how many of them are relevant,
// and how many of the relevant ones. Who cites nothing has no precision.
func citations(c evals.Case, r *evals.Result) {
	if len(c.Item.Relevant) == 0 {
		return
	}
	cited := slices.Compact(slices.Sorted(slices.Values(r.Answer.Cites)))
	hits := 0
	for _, id := range cited {
		if slices.Contains(c.Item.Relevant, id) {
			hits++
		}
	}
	if len(cited) > 0 {
		r.Scores["cite_precision"] = float64(hits) / float64(len(cited))
	}
	r.Scores["cite_recall"] = float64(hits) / float64(len(c.Item.Relevant))
}

// Support is the share of an answer's n-grams that stand in one of its
// sources: three words, or five characters where words are not parted; fewer
// if the answer is shorter. ok is false for an answer without words.
func Support(tag lang.Tag, answer string, sources []string) (share float64, ok bool) {
	said := lang.Units(tag, answer)
	if len(said) == 0 {
		return 0, false
	}
	n := min(len(said), 3)
	if !lang.Parted(tag) {
		n = min(len(said), 5)
	}
	known := map[string]bool{}
	for _, s := range sources {
		for _, g := range grams(lang.Units(tag, s), n) {
			known[g] = true
		}
	}
	all, hits := grams(said, n), 0
	for _, g := range all {
		if known[g] {
			hits++
		}
	}
	return float64(hits) / float64(len(all)), true
}

func grams(units []string, n int) []string {
	var list []string
	for i := 0; i+n <= len(units); i++ {
		gram := ""
		for _, u := range units[i : i+n] {
			gram += u + "\x00"
		}
		list = append(list, gram)
	}
	return list
}
