package evals

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Letters are what choices are called.
const Letters = "ABCDEFGHIJ"

// Cases are all items of a task in all its prompts, prompt by prompt. shots is
// how many examples go before each; -1 means all that the task has.
func (t *Task) Cases(shots int) ([]Case, error) {
	if shots < 0 || shots > len(t.Shots) {
		shots = len(t.Shots)
	}
	var cases []Case
	for _, p := range t.Prompts {
		for i := range t.Items {
			c, err := t.Case(p, &t.Items[i], t.Shots[:shots])
			if err != nil {
				return nil, fmt.Errorf("task %s, prompt %s, item %s: %w", t.ID(), p.Name, t.Items[i].ID, err)
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// Case puts an item into a prompt, after answered examples.
func (t *Task) Case(p Prompt, item *Item, shots []Item) (Case, error) {
	c := Case{Task: t, Item: item, Prompt: p.Name}
	if p.System != "" {
		system, err := t.fill(p.System, item)
		if err != nil {
			return c, err
		}
		c.Turns = append(c.Turns, Turn{"system", system})
	}
	for i := range shots {
		text, err := t.fill(p.Text, &shots[i])
		if err != nil {
			return c, fmt.Errorf("example %s: %w", shots[i].ID, err)
		}
		c.Turns = append(c.Turns, Turn{"user", text}, Turn{"assistant", t.said(&shots[i])})
	}
	text, err := t.fill(p.Text, item)
	if err != nil {
		return c, err
	}
	c.Turns = append(c.Turns, Turn{"user", text})
	if t.LogLik {
		c.Continuations = t.continuations(p, item)
	}
	return c, nil
}

// said is the right answer to an example, as a model should write it.
func (t *Task) said(item *Item) string {
	if len(item.Gold) == 0 {
		return ""
	}
	for _, l := range t.Labels {
		if l.Name == item.Gold[0] {
			return l.Said()
		}
	}
	return item.Gold[0]
}

// continuations are the letters where the prompt shows the choices, else the
// choices themselves.
func (t *Task) continuations(p Prompt, item *Item) []string {
	if t.Kind == Classification || t.Kind == Detection {
		return texts(t.Labels)
	}
	if !strings.Contains(p.Text, "{{choices}}") {
		return item.Choices
	}
	return strings.Split(Letters[:len(item.Choices)], "")
}

func texts(labels []Label) []string {
	var list []string
	for _, l := range labels {
		list = append(list, l.Said())
	}
	return list
}

var hole = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// fill puts an item's texts where a prompt names them.
func (t *Task) fill(text string, item *Item) (string, error) {
	var fault error
	filled := hole.ReplaceAllStringFunc(text, func(name string) string {
		value, err := t.value(strings.Fields(strings.Trim(name, "{}")), item)
		if err != nil && fault == nil {
			fault = fmt.Errorf("%s: %w", name, err)
		}
		return value
	})
	return filled, fault
}

func (t *Task) value(name []string, item *Item) (string, error) {
	switch {
	case len(name) == 1 && name[0] == "text":
		return item.Text, nil
	case len(name) == 1 && name[0] == "context":
		return item.Context, nil
	case len(name) == 1 && name[0] == "choices":
		return lettered(item.Choices), nil
	case len(name) == 1 && name[0] == "labels":
		return strings.Join(texts(t.Labels), ", "), nil
	case len(name) == 1 && name[0] == "lang":
		return display.English.Languages().Name(language.Make(string(t.Lang))), nil
	case len(name) == 2 && name[0] == "field":
		value, ok := item.Fields[name[1]]
		if !ok {
			return "", fmt.Errorf("the item has no field %q", name[1])
		}
		return value, nil
	}
	return "", fmt.Errorf("a prompt may name text, context, choices, labels, lang or field NAME")
}

func lettered(choices []string) string {
	var b strings.Builder
	for i, c := range choices {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%c. %s", Letters[i], c)
	}
	return b.String()
}
