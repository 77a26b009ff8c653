package gate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"tilgate/internal/lang"
)

// gramWords is how many words in a row two texts must share to overlap (Brown
// et al. 2020, "Language Models are Few-Shot Learners", appendix C). Where
// words are not parted, three characters stand for one.
const (
	gramWords   = 13
	charsAWord  = 3
	leastShared = 5 // words of a text too short to say anything about
)

// An Overlap finds items that stand in other texts: in what an adapter was
// trained on, or in a knowledge base. Only the items are held in memory; the
// texts are read through, whatever their size. An item shorter than 13 words
// is looked for as a whole, one shorter than five not at all.
type Overlap struct {
	grams map[int]map[uint64][]string // by number of units and hash, the ids of items
	found map[string]bool
	short int
}

// NewOverlap returns an Overlap without items.
func NewOverlap() *Overlap {
	return &Overlap{grams: map[int]map[uint64][]string{}, found: map[string]bool{}}
}

// Item adds an item to look for, by any of its texts.
func (o *Overlap) Item(tag lang.Tag, id string, texts ...string) {
	long := false
	for _, t := range texts {
		u := lang.Units(tag, t)
		n, least := gramWords, leastShared
		if !lang.Parted(tag) {
			n, least = n*charsAWord, least*charsAWord
		}
		if len(u) < least {
			continue
		}
		long = true
		n = min(n, len(u))
		if o.grams[n] == nil {
			o.grams[n] = map[uint64][]string{}
		}
		for i := 0; i+n <= len(u); i++ {
			h := hash(u[i : i+n])
			if ids := o.grams[n][h]; !slices.Contains(ids, id) {
				o.grams[n][h] = append(ids, id)
			}
		}
	}
	if !long {
		o.short++
	}
}

// Text looks for the items in a text.
func (o *Overlap) Text(tag lang.Tag, text string) {
	u := lang.Units(tag, text)
	for n, grams := range o.grams {
		for i := 0; i+n <= len(u); i++ {
			for _, id := range grams[hash(u[i:i+n])] {
				o.found[id] = true
			}
		}
	}
}

// Lines looks for the items in lines of text, or of JSON whose texts count.
func (o *Overlap) Lines(tag lang.Tag, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	n := 0
	for ; lines.Scan(); n++ {
		line := lines.Bytes()
		var value any
		if len(line) > 0 && (line[0] == '{' || line[0] == '[') && json.Unmarshal(line, &value) == nil {
			o.value(tag, value)
			continue
		}
		o.Text(tag, string(line))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

func (o *Overlap) value(tag lang.Tag, v any) {
	switch v := v.(type) {
	case string:
		o.Text(tag, v)
	case []any:
		for _, e := range v {
			o.value(tag, e)
		}
	case map[string]any:
		for _, e := range v {
			o.value(tag, e)
		}
	}
}

// Found returns the ids of the items that were found, in order.
func (o *Overlap) Found() []string { return slices.Sorted(maps.Keys(o.found)) }

// Short is how many items were too short to look for.
func (o *Overlap) Short() int { return o.short }

func hash(units []string) uint64 {
	var h xxh3.Hasher
	for _, u := range units {
		_, _ = h.WriteString(u)
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}
