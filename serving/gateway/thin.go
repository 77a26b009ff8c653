package gateway

import (
	"slices"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// thin is how little of an answer its reader wants.
type thin struct {
	sentences bool   // each chunk of a stream holds whole sentences
	passages  detail // told of
}

// A detail says which passages an answer tells with their text. Which ones it
// cites, and where they can be read, stands in its annotations in any case.
type detail string

const (
	full  detail = "full"  // all that were found; a stream tells them before its first word
	cited detail = "cited" // those that the answer cites, at its end
	none  detail = "none"  // the rule for streams of sentences; otherwise it is full
)

// before returns what is told of passages before the first word.
func (d detail) before(p serving.Plan) []passage {
	if d == cited || d == none {
		return nil
	}
	list := make([]passage, len(p.Passages))
	for i, from := range p.Passages {
		list[i] = passageOf(i+1, from)
	}
	return list
}

// after returns what is told of passages at the end.
func (d detail) after(e serving.Done) []passage {
	if d != cited {
		return d.before(e.Plan)
	}
	list := []passage{}
	for _, c := range e.Citations {
		if !slices.ContainsFunc(list, func(p passage) bool { return p.N == c.N }) {
			list = append(list, passageOf(c.N, c.Passage))
		}
	}
	return list
}

func (d *decoder) maybeNull(read func(path string) error) func(path string) error {
	return func(path string) error {
		if d.null() {
			return nil
		}
		return read(path)
	}
}

// oneOf reads one of some words.
func (d *decoder) oneOf(path string, words ...string) (string, error) {
	want := `"` + strings.Join(words, `", "`) + `"`
	if i := strings.LastIndex(want, ", "); i >= 0 {
		want = want[:i] + " or " + want[i+2:]
	}
	if d.kind() != '"' {
		return "", d.wrong(path, want)
	}
	text, err := d.text(path)
	if err == nil && !slices.Contains(words, text) {
		err = fault.Invalid.Field(path, "%s must be %s, not %s", path, want, quote(text))
	}
	return text, err
}

func (d *decoder) flushWhen(path string) error {
	when, err := d.oneOf(path, "token", "sentence")
	d.flush, d.thin.sentences = true, when == "sentence"
	return err
}

func (d *decoder) passagesTold(path string) error {
	told, err := d.oneOf(path, "full", "cited", "none")
	d.passages = detail(told)
	return err
}

// leastBytes is the least that an answer can be limited to: a short sentence
// in a script of three bytes a letter.
const leastBytes = 100

func (d *decoder) maxBytes(path string) error {
	var n *int
	if err := d.integer(&n, leastBytes)(path); err != nil {
		return err
	}
	d.MaxBytes = *n
	return nil
}

func (d *decoder) cache(path string) error {
	wish, err := d.boolean(path)
	d.Keep = &wish
	return err
}

func (d *decoder) trial(path string) error {
	which, err := d.oneOf(path, string(serving.TryAdapter), string(serving.TryBase))
	d.Weights = serving.Trial(which)
	return err
}

func (d *decoder) bare(path string) error {
	var err error
	d.Bare, err = d.boolean(path)
	return err
}

// A gatherer holds text until a sentence ends.
type gatherer struct {
	tag   lang.Tag
	held  string
	since time.Time // when the first of it came
}

// The most that is held, in bytes, and the longest: a slow model's reader sees
// that something comes.
const (
	gatherBytes = 2 << 10
	gatherTime  = 5 * time.Second
)

// add takes the next text and returns the sentences that are whole.
func (g *gatherer) add(text string) string {
	if g.held == "" {
		g.since = time.Now()
	}
	g.held += text
	if len(g.held) > gatherBytes || time.Since(g.since) >= gatherTime {
		return g.rest()
	}
	whole := 0
	for {
		n := serving.SentenceEnd(g.tag, g.held[whole:])
		if whole+n == len(g.held) {
			break
		}
		whole += n
	}
	text, g.held = g.held[:whole], g.held[whole:]
	if text != "" {
		g.since = time.Now()
	}
	return text
}

// rest returns all that is held.
func (g *gatherer) rest() string {
	text := g.held
	g.held = ""
	return text
}
