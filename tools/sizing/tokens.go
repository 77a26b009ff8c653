package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/ollama/ollama/api"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag/sample"
)

// languages are those that the page lists.
var languages = []lang.Tag{"en", "ru", "ky", "kk", "uz", "tg", "ar", "ur", "sw", "am", "ne", "si", "km", "my"}

const questionsOf = 4 // of each language of the sample

// A counter counts tokens as one family of models does.
type counter struct {
	*ollama
	model   string
	options map[string]any
}

// newCounter brings the vocabulary v into Ollama.
func newCounter(ctx context.Context, o *ollama, v vocabulary) (counter, error) {
	c := counter{o, "counter-" + strings.ToLower(strings.ReplaceAll(v.name, " ", "-")), map[string]any{"num_ctx": contextTokens, "num_thread": 1, "num_gpu": 0}}
	_, err := o.create(ctx, c.model, v.writeCounter)
	return c, err
}

// count counts the tokens of text.
func (c counter) count(ctx context.Context, text string) (int, error) {
	n, stream, cut := 0, false, false
	options := map[string]any{"num_predict": 1}
	maps.Copy(options, c.options)
	err := c.Generate(ctx, &api.GenerateRequest{Model: c.model, Prompt: text, Raw: true, Stream: &stream, Truncate: &cut, Options: options},
		func(r api.GenerateResponse) error {
			n = r.PromptEvalCount
			return nil
		})
	if err == nil && n == 0 {
		err = fmt.Errorf("%s counts no tokens", c.model)
	}
	return n, err
}

// A text is what is counted of a language: prompts as Tilgate makes them of the
// sample, and the same articles in every language; where the sample has none,
// the sentences of the language's own file.
type text struct {
	prompts  []string
	articles string
	own      string
}

// ownTexts gathers the sentences of each language's own file.
func ownTexts(tags []lang.Tag) (map[lang.Tag]text, error) {
	set, err := adapters.Bundled()
	if err != nil {
		return nil, err
	}
	all := map[lang.Tag]text{}
	for _, tag := range tags {
		a, ok := set.For(tag)
		if !ok || a.Tag != tag {
			return nil, fmt.Errorf("no language file is for %s", tag)
		}
		all[tag] = text{own: strings.Join([]string{a.System, a.Say.NotFound, a.Say.Quoting, a.Say.Translated, a.Say.Blocked, a.Say.Handover, a.Say.Unable}, "\n")}
	}
	return all, nil
}

// texts gathers all that is to be counted.
func texts(ctx context.Context, d *demo, f *front) (map[lang.Tag]text, error) {
	all, err := ownTexts(languages)
	if err != nil {
		return nil, err
	}
	there, err := sample.Langs()
	if err != nil {
		return nil, err
	}
	for _, tag := range there {
		t, wanted := all[tag]
		if !wanted {
			continue
		}
		for item, err := range sample.Documents(tag) {
			if err != nil {
				return nil, err
			}
			t.articles += item.Document.Text + "\n"
		}
		if t.prompts, err = promptsOf(ctx, tag, d, f); err != nil {
			return nil, err
		}
		all[tag] = t
	}
	return all, nil
}

// promptsOf asks the first questions of a language, and returns what the model
// was asked.
func promptsOf(ctx context.Context, tag lang.Tag, d *demo, f *front) (prompts []string, err error) {
	qs, err := sample.Questions(tag)
	if err != nil {
		return nil, err
	}
	for _, q := range qs {
		if _, err := d.ask(ctx, q.Text, tag); err != nil {
			return nil, err
		}
		// Where nothing is found, no model is asked.
		if p, ok := f.take(); ok {
			prompts = append(prompts, p)
		}
		if len(prompts) == questionsOf {
			return prompts, nil
		}
	}
	return nil, fmt.Errorf("of the questions in %s, %d reached a model, not %d", tag, len(prompts), questionsOf)
}

// ratios counts the texts that every language has, and the articles of those
// in the sample, against English, which comes first.
func (c counter) ratios(ctx context.Context, tags []lang.Tag, all map[lang.Tag]text) (map[lang.Tag]float64, error) {
	out := map[lang.Tag]float64{}
	var articles, own float64
	for _, tag := range tags {
		t, base := all[tag].articles, &articles
		if t == "" {
			t, base = all[tag].own, &own
		}
		n, err := c.countLong(ctx, t)
		if err != nil {
			return nil, err
		}
		if tag == "en" {
			mine, err := c.countLong(ctx, all[tag].own)
			if err != nil {
				return nil, err
			}
			articles, own = float64(n), float64(mine)
		}
		out[tag] = float64(n) / *base
	}
	return out, nil
}

// costs counts all texts. Where there are no prompts, one is as long as those
// of the others would be in English, on average, times the language's ratio.
func (c counter) costs(ctx context.Context, all map[lang.Tag]text) (map[lang.Tag]cost, error) {
	ratio, err := c.ratios(ctx, languages, all)
	if err != nil {
		return nil, err
	}
	out, inEnglish, counted := map[lang.Tag]cost{}, 0.0, 0
	for _, tag := range languages {
		if len(all[tag].prompts) == 0 {
			continue
		}
		sum := 0
		for _, p := range all[tag].prompts {
			n, err := c.countLong(ctx, p)
			if err != nil {
				return nil, err
			}
			sum += n
		}
		mean := float64(sum) / float64(len(all[tag].prompts))
		out[tag] = cost{prompt: mean, answer: answerTokens * ratio[tag]}
		inEnglish, counted = inEnglish+mean/ratio[tag], counted+1
	}
	for _, tag := range languages {
		if _, ok := out[tag]; !ok && counted > 0 {
			out[tag] = cost{prompt: inEnglish / float64(counted) * ratio[tag], answer: answerTokens * ratio[tag], computed: true}
		}
	}
	return out, nil
}

// longest is less than a context: there are no more tokens than bytes.
const longest = 6 << 10

// countLong counts a text that may be longer than a context, line by line.
func (c counter) countLong(ctx context.Context, text string) (sum int, err error) {
	part := ""
	for line := range strings.Lines(text) {
		if part += line; len(part) < longest {
			continue
		}
		n, err := c.count(ctx, part)
		if err != nil {
			return 0, err
		}
		sum, part = sum+n, ""
	}
	if part == "" {
		return sum, nil
	}
	n, err := c.count(ctx, part)
	return sum + n, err
}
