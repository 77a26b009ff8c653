package suites

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/evals"
	"tilgate/evals/metric"
)

var profiles = []metric.Profile{"", metric.SQuAD, metric.MLQA, metric.MLQAHarness, metric.Chars}

func checkTask(t *evals.Task) error {
	switch {
	case t.Name == "" || strings.ContainsAny(t.Name, "/ \t"):
		return fmt.Errorf("name is %q; it is one word", t.Name)
	case !slices.Contains(evals.Kinds, t.Kind):
		return fmt.Errorf("kind is %q; it is one of %v", t.Kind, evals.Kinds)
	case len(t.Prompts) == 0:
		return errors.New("it has no [[task.prompt]]")
	case t.Kind == evals.Classification && len(t.Labels) < 2, t.Kind == evals.Detection && len(t.Labels) == 1:
		return errors.New("it has fewer than two [[task.label]]")
	case t.LogLik && !slices.Contains([]evals.Kind{evals.MultipleChoice, evals.Classification, evals.Detection}, t.Kind):
		return fmt.Errorf("loglik compares choices or labels; a task of kind %s has none", t.Kind)
	case !slices.Contains(profiles, metric.Profile(t.Profile)):
		return fmt.Errorf("profile is %q; it is one of %q", t.Profile, profiles[1:])
	case t.Kind == evals.Safety && len(t.Refusals) == 0:
		return errors.New("it has no refusals: phrases by which turning a request away can be told")
	}
	seen := map[string]bool{}
	for i, p := range t.Prompts {
		if p.Name == "" || seen[p.Name] || strings.ContainsAny(p.Name, "/ ") {
			return fmt.Errorf("prompt %d: the name is %q; it is one word that no other prompt has", i+1, p.Name)
		}
		if p.Text == "" {
			return fmt.Errorf("prompt %s: text is missing", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

// Items reads one item a line, and checks each against what its task asks for.
func Items(data []byte, name string, t *evals.Task) ([]evals.Item, error) {
	var items []evals.Item
	var faults []error
	lines := map[string]int{}
	data = bytes.TrimSuffix(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		item, err := parse(bytes.TrimSuffix(line, []byte("\r")))
		if err == nil {
			err = check(&item, t)
		}
		if err == nil && lines[item.ID] > 0 {
			err = fmt.Errorf("the id %q was there in line %d", item.ID, lines[item.ID])
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", name, i+1, err))
			continue
		}
		lines[item.ID] = i + 1
		items = append(items, item)
	}
	if len(faults) > maxFaults {
		faults = append(faults[:maxFaults], fmt.Errorf("%s: and %d more lines", name, len(faults)-maxFaults))
	}
	return items, errors.Join(faults...)
}

// maxFaults is how many lines of a file are complained about one by one.
const maxFaults = 20

func parse(line []byte) (item evals.Item, err error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return item, errors.New("the line is empty")
	}
	if !utf8.Valid(line) {
		return item, errors.New("the line is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&item); err != nil {
		return item, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return item, errors.New("something follows the item; one line holds one")
	}
	return item, nil
}

func check(item *evals.Item, t *evals.Task) error {
	switch {
	case item.ID == "":
		return errors.New("id is missing")
	case strings.ContainsAny(item.ID, "/\n"):
		return fmt.Errorf("id %q holds a slash or a line end", item.ID)
	case strings.TrimSpace(item.Text) == "":
		return errors.New("text is missing")
	case slices.ContainsFunc(item.Gold, func(g string) bool { return strings.TrimSpace(g) == "" }):
		return errors.New("gold is empty text")
	}
	switch t.Kind {
	case evals.MultipleChoice:
		return checkChoice(item)
	case evals.Classification, evals.Detection:
		return checkLabel(item, t)
	case evals.Open:
		if len(item.Rubric)+len(item.Gold) == 0 {
			return errors.New("it has neither a rubric nor a gold answer")
		}
		return nil
	case evals.Safety:
		return nil
	}
	if len(item.Gold) == 0 && !item.Refuse {
		return errors.New(`gold is missing; a question that should be turned away has "refuse": true`)
	}
	return nil
}

func checkChoice(item *evals.Item) error {
	n := len(item.Choices)
	if n < 2 || n > len(evals.Letters) {
		return fmt.Errorf("it has %d choices; 2 to %d are possible", n, len(evals.Letters))
	}
	if len(item.Gold) != 1 || len(item.Gold[0]) != 1 || !strings.Contains(evals.Letters[:n], item.Gold[0]) {
		return fmt.Errorf("gold is %q; it is the letter of the right choice, one of %s", item.Gold, evals.Letters[:n])
	}
	return nil
}

func checkLabel(item *evals.Item, t *evals.Task) error {
	if len(item.Gold) != 1 {
		return fmt.Errorf("gold is %q; it is the name of one label", item.Gold)
	}
	if len(t.Labels) > 0 && !slices.ContainsFunc(t.Labels, func(l evals.Label) bool { return l.Name == item.Gold[0] }) {
		return fmt.Errorf("gold is %q, which is not the name of a label", item.Gold[0])
	}
	return nil
}
