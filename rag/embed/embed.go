// Package embed turns passages and questions into dense vectors, with a model
// that a server runs, and expects that server to fail.
//
// Embedding a corpus takes hours, and one text can break a batch: a model that
// computes NaN for it, or has no room for it. So texts go in batches, a batch
// that fails goes again text by text, a text that is too long goes as its
// beginning, and one that fails for good gets no vector: it is then found by
// its words alone. Vectors are kept on disk by the hash of what they were made
// from, so that a run that was cut off does not pay twice.
//
// The one thing to know before changing it: a model is trained to tell
// questions from passages by an instruction before the text. Change a
// passage's instruction, and all stored vectors are of another model; Name
// tells the two apart.
package embed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag"
)

var _ rag.QuestionEncoder = (*Model)(nil)

// Options of a Model. The zero value works for a model without instructions.
type Options struct {
	Name      string // of the model on its server, such as "bge-m3"
	Prefixes  *Prefixes
	Dimension int           // that vectors must have; 0 asks the model
	Batch     int           // texts in a call; 0 means 32
	Cache     *Cache        // may be nil
	Pause     time.Duration // before a second try; 0 means 200 ms
	Rest      time.Duration // for which a server that fails is left alone; 0 means 20 s
}

// A Model is one embedding model, used in one way. It is safe for concurrent
// use.
type Model struct {
	embedder rag.Embedder
	opts     Options
	prefixes Prefixes
	name     string

	mu        sync.Mutex
	dimension int
	rested    time.Time // until when the server is left alone
	why       error     // it is
	failed    int       // questions in a row
}

// New returns the model that e serves. Without Prefixes, they are those that
// the model is known to be trained with.
func New(e rag.Embedder, o Options) *Model {
	known := PrefixesOf(o.Name)
	m := &Model{embedder: e, opts: o, prefixes: known, name: o.Name, dimension: o.Dimension}
	if o.Prefixes != nil {
		m.prefixes = *o.Prefixes
	}
	if m.prefixes.Passage != known.Passage {
		m.name += "#" + fingerprint(m.prefixes.Passage)
	}
	m.opts.Batch = cmp.Or(o.Batch, 32)
	m.opts.Pause = cmp.Or(o.Pause, 200*time.Millisecond)
	m.opts.Rest = cmp.Or(o.Rest, 20*time.Second)
	return m
}

// Name identifies the model, and the instruction before its passages where
// that is not the usual one.
func (m *Model) Name() string { return m.name }

// Dimension returns how long vectors are. Unless it was configured, the model
// is asked for one.
func (m *Model) Dimension(ctx context.Context) (int, error) {
	m.mu.Lock()
	known := m.dimension
	m.mu.Unlock()
	if known > 0 {
		return known, nil
	}
	vectors, err := m.embedder.Embed(ctx, []string{m.prefixes.Passage + "dimension"})
	if err != nil {
		return 0, fmt.Errorf("asking for the dimension of %s: %w", m.opts.Name, err)
	}
	if len(vectors) != 1 || len(vectors[0]) == 0 {
		return 0, fault.Unavailable.Errorf("%s gives no vectors; is it an embedding model?", m.opts.Name)
	}
	if err := m.check(vectors[0]); err != nil {
		return 0, err
	}
	return len(vectors[0]), nil
}

// Question returns the vector to search for. A server that failed, or was too
// slow, for several questions in a row is left alone for a while, so that not
// every question waits for it.
func (m *Model) Question(ctx context.Context, text string) ([]float32, error) {
	if strings.TrimSpace(text) == "" {
		return nil, fault.Invalid.Errorf("an empty question has no meaning to search for")
	}
	if err := m.resting(); err != nil {
		return nil, err
	}
	v, err := m.one(ctx, m.prefixes.Query, text)
	if errors.Is(err, context.Canceled) {
		return nil, err // the asker left
	}
	m.mu.Lock()
	m.failed++
	if err == nil {
		m.failed = 0
	}
	down := m.failed >= giveUp
	m.mu.Unlock()
	if down {
		m.rest(err)
	}
	return v, err
}

// Passages returns a vector for each passage, nil where there is none. The
// error says why not, for the first such passage; the vectors are good beside
// it.
func (m *Model) Passages(ctx context.Context, passages []rag.Passage) ([][]float32, error) {
	vectors := make([][]float32, len(passages))
	texts := make([]string, len(passages))
	for i, p := range passages {
		texts[i] = p.Content()
	}
	todo := m.cached(texts, vectors)
	var first error
	for len(todo) > 0 && ctx.Err() == nil {
		batch := todo[:min(len(todo), m.opts.Batch)]
		todo = todo[len(batch):]
		first = cmp.Or(first, m.batch(ctx, texts, batch, vectors))
		first = cmp.Or(first, m.keep(texts, batch, vectors))
	}
	return vectors, cmp.Or(ctx.Err(), first)
}

// cached fills in the vectors that are known, and returns which are not.
func (m *Model) cached(texts []string, vectors [][]float32) (todo []int) {
	for i, text := range texts {
		if v := m.opts.Cache.get(m.key(text)); v != nil && m.check(v) == nil {
			vectors[i] = v
			continue
		}
		todo = append(todo, i)
	}
	return todo
}

func (m *Model) keep(texts []string, batch []int, vectors [][]float32) error {
	fresh := map[key][]float32{}
	for _, i := range batch {
		if vectors[i] != nil {
			fresh[m.key(texts[i])] = vectors[i]
		}
	}
	return m.opts.Cache.put(fresh)
}

// batch embeds texts together or, if that fails, one by one. It returns why
// one of them has no vector.
func (m *Model) batch(ctx context.Context, texts []string, batch []int, vectors [][]float32) error {
	if err := m.resting(); err != nil {
		return err
	}
	prefixed := make([]string, len(batch))
	for k, i := range batch {
		prefixed[k] = m.prefixes.Passage + texts[i]
	}
	good := 0
	if got, err := m.embedder.Embed(ctx, prefixed); err == nil && len(got) == len(batch) {
		for k, i := range batch {
			if m.check(got[k]) == nil {
				vectors[i] = got[k]
				good++
			}
		}
	}
	return m.oneByOne(ctx, texts, batch, vectors, good)
}

// giveUp is how many texts may fail in a row before the server counts as down:
// the rest of the batch is not tried, nor, for a while, anything else.
const giveUp = 3

func (m *Model) oneByOne(ctx context.Context, texts []string, batch []int, vectors [][]float32, good int) error {
	var first error
	failed := 0
	for _, i := range batch {
		if vectors[i] != nil {
			continue
		}
		v, err := m.one(ctx, m.prefixes.Passage, texts[i])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			vectors[i] = v
			good++
			failed = 0
			continue
		}
		first = cmp.Or(first, err)
		if failed++; good == 0 && failed == giveUp {
			m.rest(first)
			return first
		}
	}
	return first
}

// one embeds a text alone: a second time if the server fails, and the
// beginning of it if it is too long.
func (m *Model) one(ctx context.Context, prefix, text string) ([]float32, error) {
	const tries = 2
	failures := 0
	for {
		got, err := m.embedder.Embed(ctx, []string{prefix + text})
		if err == nil && len(got) != 1 {
			err = fault.Unavailable.Errorf("the model gave %d vectors for a text", len(got))
		}
		if err == nil {
			if err = m.check(got[0]); err == nil {
				return got[0], nil
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case fault.TooLarge.Is(err):
			if text = firstHalf(text); text == "" {
				return nil, err
			}
			continue
		case fault.NotFound.Is(err), fault.Invalid.Is(err):
			return nil, err // a second try would not help
		}
		if failures++; failures == tries {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(m.opts.Pause):
		}
	}
}

// firstHalf returns the first half of a text, to a space if one is near; ""
// when it is too short to be worth halving.
func firstHalf(text string) string {
	n := len(text) / 2
	if n < 32 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	if space := strings.LastIndexByte(text[:n], ' '); space > n*3/4 {
		n = space
	}
	return text[:n]
}

// resting says why the server is left alone, if it is.
func (m *Model) resting() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Now().Before(m.rested) {
		return m.why
	}
	return nil
}

func (m *Model) rest(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rested, m.why = time.Now().Add(m.opts.Rest), why
}

var errNoNumbers = errors.New("NaN or infinity")

// check refuses a vector that would poison a search. The first good one fixes
// the dimension.
func (m *Model) check(v []float32) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	switch {
	case math.IsNaN(sum) || math.IsInf(sum, 0):
		return fault.Unavailable.Wrap(errNoNumbers, "the model gave a vector of no numbers")
	case sum < 1e-12:
		return fault.Unavailable.Errorf("the model gave a vector of zeros")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dimension == 0 {
		m.dimension = len(v)
	}
	if len(v) != m.dimension {
		return fault.Invalid.Errorf("%s gave a vector of %d numbers, not %d; correct embed.dimension", m.opts.Name, len(v), m.dimension)
	}
	return nil
}
