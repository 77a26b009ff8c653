package ledger

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"tilgate/serving/feedback"
	"tilgate/serving/handover"
)

// A batch is what is committed together. Writer and Seq name it.
type batch struct {
	Writer    string              `json:"writer"`
	Seq       int64               `json:"seq"`
	Usage     []usageRow          `json:"usage,omitempty"`
	Questions []questionRow       `json:"questions,omitempty"`
	Feedback  []feedback.Feedback `json:"feedback,omitempty"`
	Cases     []handover.Case     `json:"cases,omitempty"`
	Heads     []Head              `json:"heads,omitempty"`
}

// A usageRow is what was counted of one cell.
type usageRow struct {
	Labels
	Counts
	Total sparse `json:"total,omitempty"`
	First sparse `json:"first,omitempty"`
}

// sparse is a histogram by the bounds of its buckets, in milliseconds.
type sparse map[int64]int64

func (h Histogram) sparse() sparse {
	s := sparse{}
	for i, n := range h {
		if n > 0 {
			s[bucketBound(i)] = n
		}
	}
	return s
}

func (s sparse) add(o sparse) {
	for ms, n := range o {
		s[ms] += n
	}
}

// newWriter names the writer of one run of one process.
func newWriter() string { return strings.ToLower(rand.Text()) }

// batch writes out what was gathered.
func (g gathered) batch(secret []byte) batch {
	b := batch{Feedback: g.feedback, Cases: g.cases, Heads: g.heads}
	for k, c := range g.cells {
		b.Usage = append(b.Usage, usageRow{Labels: k.labels(), Counts: c.Counts, Total: c.Total.sparse(), First: c.First.sparse()})
	}
	b.Questions = questionRows(secret, g.questions)
	return b
}

func (k cellKey) labels() Labels {
	day := time.Unix(k.day*secondsOfDay, 0).UTC().Format(time.DateOnly)
	return Labels{day, label(k.tenant), label(k.key), label(k.language), label(k.adapter), label(k.model), label(k.degraded)}
}

// label makes a text one that any database takes.
func label(text string) string { return clean(text, mostLabel) }

const mostLabel = 256 // bytes

// clean bounds a text and takes out what databases choke on.
func clean(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// rows says how much would be lost with a batch.
func (b batch) rows() int64 {
	n := int64(len(b.Feedback) + len(b.Cases))
	for _, u := range b.Usage {
		n += u.Requests
	}
	for _, q := range b.Questions {
		n += q.N
	}
	return n
}

// given reports whether a batch holds what somebody was promised would be kept.
func (b batch) given() bool { return len(b.Feedback)+len(b.Cases) > 0 }

// hasText reports whether a batch holds words of people.
func (b batch) hasText() bool {
	return b.given() || slices.ContainsFunc(b.Questions, func(q questionRow) bool { return q.Text != "" })
}

// A line of the spill is an object: the CRC-32C of a batch, and the batch.
var (
	lineStart  = []byte(`{"crc":"`)
	lineMiddle = []byte(`","batch":`)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (b batch) line() ([]byte, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s%08x%s%s}\n", lineStart, crc32.Checksum(body, castagnoli), lineMiddle, body), nil
}

var errNoBatch = errors.New("this is no batch")

// parseLine reads what line writes, with or without its line break.
func parseLine(line []byte) (b batch, err error) {
	rest, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\n")), lineStart)
	sum, body, found := bytes.Cut(rest, lineMiddle)
	body, ends := bytes.CutSuffix(body, []byte("}"))
	if !ok || !found || !ends || len(sum) != 8 {
		return b, errNoBatch
	}
	var said [4]byte
	if _, err := hex.Decode(said[:], sum); err != nil {
		return b, errNoBatch
	}
	if crc := crc32.Checksum(body, castagnoli); !bytes.Equal(said[:], []byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)}) {
		return b, fmt.Errorf("%w: its checksum is wrong", errNoBatch)
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return b, fmt.Errorf("%w: %w", errNoBatch, err)
	}
	if b.Writer == "" || b.Seq <= 0 {
		return b, errNoBatch
	}
	return b, nil
}

// merge adds up what batches count, in an order that is the same in every
// process: so no two wait for each other's rows.
func merge(list []batch) []usageRow {
	at := map[Labels]int{}
	var rows []usageRow
	for _, b := range list {
		for _, u := range b.Usage {
			i, ok := at[u.Labels]
			if !ok {
				i = len(rows)
				at[u.Labels] = i
				rows = append(rows, usageRow{Labels: u.Labels, Total: sparse{}, First: sparse{}})
			}
			rows[i].Counts.Add(u.Counts)
			rows[i].Total.add(u.Total)
			rows[i].First.add(u.First)
		}
	}
	slices.SortFunc(rows, func(a, b usageRow) int { return cmp.Compare(a.id(), b.id()) })
	return rows
}
