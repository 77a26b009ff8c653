package gateway

import (
	"math"
	"strconv"
	"strings"

	"tilgate/internal/fault"
)

func (d *decoder) float(to **float64, most float64) func(string) error {
	return func(path string) error {
		want := "a number from 0 to " + strconv.FormatFloat(most, 'g', -1, 64)
		if c := d.kind(); c != '-' && (c < '0' || c > '9') {
			return d.wrong(path, want)
		}
		text, err := d.number()
		if err != nil {
			return err
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v < 0 || v > most {
			return fault.Invalid.Field(path, "%s must be %s, not %s", path, want, quoteNumber(text))
		}
		*to = &v
		return nil
	}
}

func (d *decoder) integer(to **int, least int) func(string) error {
	return func(path string) error {
		want := "a whole number"
		if least > math.MinInt {
			want += " from " + strconv.Itoa(least)
		}
		if c := d.kind(); c != '-' && (c < '0' || c > '9') {
			return d.wrong(path, want)
		}
		text, err := d.number()
		if err != nil {
			return err
		}
		v, err := strconv.Atoi(text)
		if err != nil || v < least {
			return fault.Invalid.Field(path, "%s must be %s, not %s", path, want, quoteNumber(text))
		}
		*to = &v
		return nil
	}
}

// quoteNumber shortens a number that someone made long.
func quoteNumber(text string) string { return strings.Trim(quote(text), `"`) }

func (d *decoder) maxTokens(path string) error {
	before := d.limit
	if err := d.integer(&d.limit, 1)(path); err != nil {
		return err
	}
	if before != nil && *before != *d.limit {
		return fault.Invalid.Field(path, "max_tokens and max_completion_tokens mean the same and differ; send one")
	}
	d.Params.MaxTokens = d.limit
	return nil
}

func (d *decoder) stop(path string) error {
	one := func(path string) error {
		text, err := d.text(path)
		if err == nil && text == "" {
			err = fault.Invalid.Field(path, "%s is empty", path)
		}
		d.Params.Stop = append(d.Params.Stop, text)
		return err
	}
	switch d.kind() {
	case '"':
		return one(path)
	case '[':
		return d.list(path, func(place string) error {
			if len(d.Params.Stop) == 4 {
				return fault.Invalid.Field(path, "%s holds more than 4 strings", path)
			}
			return one(place)
		})
	}
	return d.wrong(path, "a string or a list of up to 4 strings")
}

func (d *decoder) streamOptions(path string) error {
	d.options = true
	return d.object(path, table{
		"include_usage":       func(path string) (err error) { d.usage, err = d.maybe(path); return err },
		"include_obfuscation": func(path string) error { _, err := d.maybe(path); return err },
	}, d.unknown)
}

func (d *decoder) responseFormat(path string) error {
	kind := ""
	err := d.object(path, table{
		"type": func(path string) (err error) { kind, err = d.text(path); return err },
	}, func(string, string) error { return d.skip() })
	if err == nil && kind != "text" {
		return d.refuse(path)
	}
	return err
}

// maxKnowledge is how many knowledge bases one question may name.
const maxKnowledge = 100

// extension reads what only Tilgate knows.
func (d *decoder) extension(path string) error {
	return d.object(path, table{
		"language":  d.maybeNull(d.tag(&d.Language)),
		"flush":     d.maybeNull(d.flushWhen),
		"passages":  d.maybeNull(d.passagesTold),
		"max_bytes": d.maybeNull(d.maxBytes),
		"cache":     d.maybeNull(d.cache),
		"weights":   d.maybeNull(d.trial),
		"bare":      d.maybeNull(d.bare),
		"knowledge": d.maybeNull(d.knowledge(&d.Knowledge)),
	}, d.unknown)
}
