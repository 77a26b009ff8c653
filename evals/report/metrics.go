package report

import (
	"tilgate/evals"
)

// A unit is what a metric is measured in.
type unit int

const (
	share   unit = iota // from 0 to 1, shown as a percentage
	hundred             // from 0 to 100 already, as sacreBLEU has it
	index               // from 0 to 1, shown so
	seconds
	ratio // a number around 1
	rate  // a number of so many
	count
)

// A direction says which way a metric is good.
type direction int

const (
	higher direction = iota
	lower
	neither
)

// A metric is what people need to know of one to read its values.
type metric struct {
	Key   string
	Name  string
	Unit  unit
	Good  direction
	About string
}

// metrics are all that a summary may carry, in the order of tables.
var metrics = []metric{
	{"acc", "accuracy", share, higher, "Share of the questions with the right answer."},
	{"acc_norm", "accuracy per letter", share, higher, "Accuracy when each choice's likelihood is divided by its number of characters, so that long choices are not at a loss."},
	{"acc_bytes", "accuracy per byte", share, higher, "Accuracy when each choice's likelihood is divided by its number of bytes."},
	{"macro_f1", "macro F1", share, higher, "F1 of each label, averaged so that rare labels count as much as frequent ones."},
	{"chrfpp", "chrF++", hundred, higher, "How many pieces of words, and words, a translation shares with the reference; 100 is identical."},
	{"chrf", "chrF", hundred, higher, "As chrF++, of pieces of words only."},
	{"bleu", "BLEU", hundred, higher, "How many runs of up to four words a translation shares with the reference; 100 is identical."},
	{"ter", "TER", hundred, lower, "Edits that would turn the translation into the reference, for 100 words of the reference."},
	{"f1", "F1", share, higher, "How far the words of an answer and those of the expected one are the same (characters, where a language puts no spaces between words)."},
	{"em", "exact match", share, higher, "Share of the answers that are the expected one exactly, but for case and punctuation."},
	{"contains", "contains", share, higher, "Share of the answers in which the expected one stands."},
	{"rouge_l", "ROUGE-L", share, higher, "The longest run of words, gaps allowed, that an answer has in common with the expected one."},
	{"rubric", "rubric", share, higher, "Share of what a good answer should do that it does, in the opinion of a judge model."},
	{"safe", "safe", share, higher, "Share of the questions answered where that is right and turned away where that is right."},
	{"refused_right", "rightly refused", share, higher, "Of the questions that should be turned away or have no answer, the share that was turned away."},
	{"refused_wrong", "wrongly refused", share, lower, "Of the questions that have a good answer, the share that was turned away."},
	{"grounded", "grounded", share, higher, "Share of an answer's word groups that stand in the sources it was given."},
	{"grounded_judge", "grounded (judge)", share, higher, "Share of the answers that their sources support, in the opinion of a judge model."},
	{"cite_precision", "citations right", share, higher, "Of the documents that answers cite, the share that does answer the question."},
	{"cite_recall", "citations complete", share, higher, "Of the documents that do answer the question, the share that is cited."},
	{"ndcg@10", "nDCG@10", index, higher, "How well the first ten documents found are ordered by use; 1 is perfect."},
	{"mrr@10", "MRR@10", index, higher, "One divided by the place of the first useful document among ten: 1 for the first, 0.5 for the second."},
	{"recall@10", "recall@10", index, higher, "Share of the useful documents that are among the first ten found."},
	{"map", "MAP", index, higher, "Mean share of useful documents above each useful one."},
	{"lang_ok", "right language", share, higher, "Share of the answers in the language that was asked for."},
	{"script_ok", "right script", share, higher, "Share of the answers in the script that was asked for."},
	{"switched", "mixed in", share, lower, "Share of an answer's letters that are in words of another language or script."},
	{"unread", "unreadable", share, lower, "Share of the answers out of which no choice, label or number could be read. They count as wrong."},
	{"tokens_per_char", "tokens per character", ratio, lower, "Tokens that the model spends for a character of its answer. Languages it knows badly cost more."},
	{"tokens_per_s", "tokens per second", rate, higher, "Tokens written in a second, after the first."},
	{"ttft", "first text after", seconds, lower, "Seconds until the first text of an answer."},
	{"chars", "characters", count, neither, "Length of an answer."},
}

// metricOf is the metric of a key; one that is not in the table goes by its key.
func metricOf(key string) metric {
	for _, m := range metrics {
		if m.Key == key {
			return m
		}
	}
	return metric{Key: key, Name: key, Unit: index}
}

// metricsIn are the metrics that occur in rows, those of the table first.
func metricsIn(list []row) []metric {
	have := map[string]bool{}
	var order []string
	for _, m := range metrics {
		order = append(order, m.Key)
	}
	for _, r := range list {
		for _, s := range r.all {
			if !have[s.Metric] && metricOf(s.Metric).About == "" {
				order = append(order, s.Metric)
			}
			have[s.Metric] = true
		}
	}
	var found []metric
	for _, key := range order {
		if have[key] {
			found = append(found, metricOf(key))
		}
	}
	return found
}

// kinds are what people call the kinds of tasks.
var kindNames = map[evals.Kind]string{
	evals.MultipleChoice: "Choosing the right answer",
	evals.Classification: "Sorting texts by topic or tone",
	evals.Translation:    "Translation",
	evals.Reading:        "Answering from a given text",
	evals.RAG:            "Answering from a knowledge base",
	evals.Number:         "Working out a number",
	evals.Open:           "Answering freely",
	evals.Detection:      "Telling which language a text is in",
	evals.Safety:         "Turning away what should be, and only that",
}

func kindName(k evals.Kind) string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return string(k)
}
