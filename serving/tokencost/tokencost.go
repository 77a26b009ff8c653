// Package tokencost knows what a character costs in tokens, by model and
// language: Lao takes eight times the tokens of English for the same sentence,
// and how many depends on the model's vocabulary.
//
// Measure asks a model server; the figures are kept in one small file, which a
// serving process reads again when it changes. Where nothing was measured,
// serving estimates on the safe side.
package tokencost

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/internal/wholefile"
	"tilgate/serving"
)

// A Cost is what was measured of one model in one language.
type Cost struct {
	Model              string    `json:"model"`
	Tag                lang.Tag  `json:"language"`
	Characters         int       `json:"characters"` // of the text it was measured on, in code points
	Tokens             int       `json:"tokens"`
	TokensPerCharacter float64   `json:"tokens_per_character"`
	Measured           time.Time `json:"measured"`
}

// Measure asks m how many tokens text has. The model server counts a prompt
// with its template around it, so text is sent once and twice, and what is
// between the counts is text alone. The error says so if the server does not
// count.
func Measure(ctx context.Context, m serving.Model, model string, tag lang.Tag, text string) (Cost, error) {
	text = strings.TrimSpace(text)
	once, err := count(ctx, m, model, text)
	if err != nil {
		return Cost{}, err
	}
	twice, err := count(ctx, m, model, text+"\n"+text)
	if err != nil {
		return Cost{}, err
	}
	c := Cost{Model: model, Tag: tag, Characters: utf8.RuneCountInString(text) + 1, Tokens: twice - once, Measured: time.Now().UTC().Truncate(time.Second)}
	if c.Tokens <= 0 {
		return Cost{}, fmt.Errorf("%s counts %d tokens for a text and %d for twice the text; it does not say what a prompt costs", model, once, twice)
	}
	c.TokensPerCharacter = float64(c.Tokens) / float64(c.Characters)
	return c, nil
}

// count returns the tokens of a prompt that says text.
func count(ctx context.Context, m serving.Model, model, text string) (int, error) {
	one, cold := 1, 0.0
	p := serving.Prompt{Model: model, Messages: []serving.Message{{Role: "user", Content: text}}, Params: serving.Params{MaxTokens: &one, Temperature: &cold}}
	for chunk, err := range m.Chat(ctx, p) {
		if err != nil {
			return 0, err
		}
		if chunk.Usage != nil && !chunk.Usage.Estimated {
			return chunk.Usage.PromptTokens, nil
		}
	}
	return 0, fmt.Errorf("%s does not count the tokens of a prompt", model)
}

// A Table is the costs in a file. It is safe for concurrent use.
type Table struct {
	path string

	mu     sync.Mutex
	looked time.Time
	stamp  stamp
	costs  map[key]Cost
}

type key struct {
	model string
	tag   lang.Tag
}

// keyOf finds "qwen3" and "qwen3:latest", which servers take for one, together.
func keyOf(model string, tag lang.Tag) key {
	return key{strings.TrimSuffix(model, ":latest"), tag}
}

type stamp struct {
	size    int64
	changed time.Time
}

// Open reads the table at path, which need not exist yet.
func Open(path string) (*Table, error) {
	t := &Table{path: path}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t, t.read()
}

// read reads the file if it changed.
func (t *Table) read() error {
	t.looked = time.Now()
	info, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		t.costs, t.stamp = nil, stamp{}
		return nil
	}
	if err != nil {
		return err
	}
	now := stamp{info.Size(), info.ModTime()}
	if now == t.stamp {
		return nil
	}
	data, err := os.ReadFile(t.path)
	if err != nil {
		return err
	}
	costs, err := parse(data)
	if err != nil {
		return fmt.Errorf("reading %s: %w", t.path, err)
	}
	t.costs, t.stamp = costs, now
	return nil
}

// Most tokens that a character can take: bytes are at most four, and no
// vocabulary takes more than a token for a byte.
const most = 8

func parse(data []byte) (map[key]Cost, error) {
	var list []Cost
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("this is not a list of costs; tilgate lang cost writes one: %w", err)
	}
	costs := map[key]Cost{}
	for _, c := range list {
		if !(c.TokensPerCharacter > 0 && c.TokensPerCharacter <= most) {
			return nil, fmt.Errorf("%v tokens for a character of %s, by %s, is not in 0..%d", c.TokensPerCharacter, c.Tag, c.Model, most)
		}
		costs[keyOf(c.Model, c.Tag)] = c
	}
	return costs, nil
}

// lookEvery is how often the file is looked at.
const lookEvery = 10 * time.Second

// Cost returns the tokens that a character takes for a model in a language, as
// measured in its script or else in its usual one, or 0 where nobody measured. A file that cannot be read leaves what was known.
func (t *Table) Cost(model string, tag lang.Tag) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refresh()
	if c, ok := t.costs[keyOf(model, tag)]; ok {
		return c.TokensPerCharacter
	}
	return t.costs[keyOf(model, tag.Base())].TokensPerCharacter
}

// refresh looks at the file again after a while. It was good when the process
// started; if it is not any more, what was known stays.
func (t *Table) refresh() {
	if time.Since(t.looked) > lookEvery {
		_ = t.read()
	}
}

// All lists the costs by model, the dearest language first.
func (t *Table) All() []Cost {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refresh()
	return t.sorted()
}

func (t *Table) sorted() []Cost {
	return slices.SortedFunc(maps.Values(t.costs), func(a, b Cost) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(b.TokensPerCharacter, a.TokensPerCharacter), cmp.Compare(a.Tag, b.Tag))
	})
}

// Keep puts costs into the table and its file, in place of older ones. What
// others have put there meanwhile stays.
func (t *Table) Keep(costs ...Cost) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.read(); err != nil {
		return err
	}
	if t.costs == nil {
		t.costs = map[key]Cost{}
	}
	for _, c := range costs {
		t.costs[keyOf(c.Model, c.Tag)] = c
	}
	data, err := json.MarshalIndent(t.sorted(), "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
		return err
	}
	_, err = wholefile.Write(t.path, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
	return err
}
