package dataset

import (
	"strconv"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// copa is an item of XCOPA and COPAL-ID. Nothing is cut off the premise: in
// many languages its last character is a letter.
func copa(at, id, premise, question string, choices []string, label int) (placed, error) {
	gold, err := letter(at, label, len(choices))
	if err != nil {
		return placed{}, err
	}
	if question != "cause" && question != "effect" {
		return placed{}, fault.Invalid.Errorf("%s: the question is %q, not cause or effect", at, question)
	}
	item := evals.Item{ID: id, Text: premise, Choices: choices, Gold: evals.Texts{gold}, Fields: map[string]string{"question": question}}
	return placed{item, at}, nil
}

func copaPart(name string, tag lang.Tag, file string) part {
	return part{Task: &evals.Task{Name: name, Kind: evals.MultipleChoice, Lang: tag, MaxTokens: 16}, prompts: "copa", file: file}
}

// xcopaItems reads XCOPA as it is. Of its 500 questions, 250 in Thai, 51 in
// Turkish, 37 in Swahili and 4 in Indonesian and Italian ask for an effect or a
// cause where most languages ask for the other.
func xcopaItems(r *reader, name string) (items []placed, err error) {
	type row struct {
		Premise, Choice1, Choice2, Question string
		Label, Idx                          *int
	}
	err = jsonLines(r, name, func(at string, w row) error {
		if w.Label == nil || w.Idx == nil {
			return fault.Invalid.Errorf("%s: label or idx is missing", at)
		}
		item, err := copa(at, strconv.Itoa(*w.Idx), w.Premise, w.Question, []string{w.Choice1, w.Choice2}, *w.Label)
		items = append(items, item)
		return err
	})
	return items, err
}

func xcopaTasks(r *reader, langs []lang.Tag) ([]part, error) {
	return eachFolder(r, "data", "test.*.jsonl", langs, func(tag lang.Tag) part { return copaPart("copa", tag, "") })
}
