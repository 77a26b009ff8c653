package serving

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/adapters"
	"tilgate/rag"
)

// prompt makes what a model is asked: the adapter's instructions with the
// numbered passages, then the conversation. What does not fit is left out, the
// oldest turns first, then the least relevant passages; the question always
// stays.
//
// What tokens cost differs eightfold between scripts, and between models: where
// it was measured for this model and language, that counts.
func (s *Service) prompt(r Request, a *adapters.Adapter, model, question string, passages []rag.Passage) Prompt {
	tokens := tokens
	cost := s.opts.Cost(costed(model, a), a.Tag)
	if cost > 0 {
		tokens = func(text string) int { return int(cost*slack*float64(utf8.RuneCountInString(text))) + 4 }
	}
	terms := a.Glossary.In(question)
	instructions := new(strings.Builder)
	instructions.WriteString(strings.TrimSpace(a.System))
	if len(terms) > 0 {
		instructions.WriteString("\n\n" + a.Terms)
		for _, t := range terms {
			fmt.Fprintf(instructions, "\n- %s → %s", t.Source, t.Target)
		}
	}
	if slices.ContainsFunc(passages, func(p rag.Passage) bool { return p.SupersededBy != nil }) {
		instructions.WriteString("\n\n" + outOfForce)
	}
	budget := s.opts.PromptTokens - tokens(instructions.String()) - tokens(question)
	shown := 0
	for i, p := range passages {
		text := numbered(i+1, p, rag.Replacement(passages[:i+1], i))
		if a.Retrieve.K > 0 && i >= a.Retrieve.K || tokens(text) > budget {
			break
		}
		budget -= tokens(text)
		instructions.WriteString("\n\n" + text)
		shown++
	}
	var turns []Message
	history := r.Messages[:len(r.Messages)-1]
	for i := len(history) - 1; i >= 0; i-- {
		if budget -= tokens(history[i].Content); budget < 0 {
			break
		}
		turns = append([]Message{history[i]}, turns...)
	}
	messages := append([]Message{{Role: "system", Content: instructions.String()}}, turns...)
	return Prompt{
		Model:    a.Model,
		Messages: append(messages, Message{Role: "user", Content: question}),
		Params:   bounded(r.Params, r.MaxBytes, a, cost),
		Question: question, Passages: passages, Shown: shown, Terms: terms, Adapter: a,
	}
}

// outOfForce tells a model what the mark of a superseded passage means. It is
// in English, as the mark is: it stands in few prompts, and models that need
// another language for it have been told in that one what language to answer in.
const outOfForce = `A passage marked superseded="yes" or superseded-by is out of force: it does not hold any more. Answer from the passages that are in force. ` +
	`If only a superseded passage answers the question, say in the answer that it may be out of date.`

// numbered writes a passage as the model sees it; by is the place of the passage
// that replaced it, or -1. The tags mark it as data, so what it says itself must
// not look like one.
func numbered(n int, p rag.Passage, by int) string {
	title, mark := p.Title, ""
	switch {
	case by >= 0:
		mark = fmt.Sprintf(` superseded-by="%d"`, by+1)
	case p.SupersededBy != nil:
		mark = ` superseded="yes"`
	}
	if p.Edition != "" {
		title += " (" + p.Edition + ")"
	}
	if p.Date != "" {
		title += " (" + p.Date + ")"
	}
	title = strings.Join(strings.Fields(title), " ")
	text := p.Text
	if p.Head != "" {
		text = p.Head + "\n" + text
	}
	data := tag.ReplaceAllString(fmt.Sprintf("[%d] %s\n%s", n, title, text), "‹$1")
	return fmt.Sprintf("<passage n=\"%d\"%s>\n%s\n</passage>", n, mark, data)
}

// tag is the beginning of a passage's tags, as a model may read it.
var tag = regexp.MustCompile(`(?i)<(\s*/?\s*passage)`)

// slack is added to a measured cost: text differs from what was measured.
const slack = 1.1

// tokens estimates the tokens of a text, on the safe side. Byte-pair
// vocabularies of multilingual models need a token for every three to five
// bytes of Latin and Cyrillic text, and for every two or three of Khmer,
// Burmese or Ethiopic.
func tokens(text string) int { return len(text)/2 + 4 }

// estimate counts the tokens of an exchange that no model server counted.
func estimate(p Prompt, answer string) Usage {
	letters := 0
	for _, m := range p.Messages {
		letters += utf8.RuneCountInString(m.Content)
	}
	return estimated(letters, utf8.RuneCountInString(answer))
}

// estimated returns the tokens that so many characters are likely to be.
func estimated(asked, said int) Usage {
	return Usage{PromptTokens: asked/3 + 1, CompletionTokens: said/3 + 1, Estimated: true}
}
