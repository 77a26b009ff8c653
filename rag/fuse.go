package rag

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"tilgate/internal/lang"
)

// rrfK softens reciprocal rank fusion: with less, one list's first hit would
// win over what both lists find good.
const rrfK = 60

// depth is how many hits of each kind are fused at least: a passage that only
// one kind puts first is usually not far down the other's list.
const depth = 30

// id is what makes a passage the same passage.
type id struct {
	kb   string
	lang lang.Tag
	doc  string
	n    int
}

func (p Passage) id() id { return id{p.KB, p.Lang, p.Doc, p.N} }

// fuse joins what was found by words and by meaning, each best first, by
// reciprocal rank, with equal weights.
//
// It is done here and not in the store because ranks mean something only
// within one list, and the lists span knowledge bases and languages: fused
// each for itself, the best of a base that knows nothing would stand beside
// the best of the one that knows. It also leaves the scores of both kinds at
// hand; a fused score says nothing about relevance.
func fuse(words, meaning []Passage) []Passage {
	at := map[id]int{}
	var out []Passage
	for _, list := range [][]Passage{words, meaning} {
		for rank, p := range list {
			i, known := at[p.id()]
			if !known {
				i = len(out)
				at[p.id()] = i
				out = append(out, p)
			}
			out[i].Fused += 1 / float64(rrfK+rank+1)
			out[i].Cosine = max(out[i].Cosine, p.Cosine)
		}
	}
	slices.SortStableFunc(out, func(a, b Passage) int {
		return cmp.Or(cmp.Compare(b.Fused, a.Fused), cmp.Compare(b.Cosine, a.Cosine))
	})
	return out
}

// distinct leaves out passages that say the same as an earlier one.
func distinct(passages []Passage) []Passage {
	said := map[string]bool{}
	var out []Passage
	for _, p := range passages {
		if text := strings.TrimSpace(p.Text); !said[text] {
			said[text] = true
			out = append(out, p)
		}
	}
	return out
}

// diverse orders passages by maximal marginal relevance: the next one is that
// which is good by its place and unlike those before it. lambda is how much
// the place counts, from 0 to 1.
func diverse(passages []Passage, lambda float64) []Passage {
	type candidate struct {
		Passage
		vector  Vector
		good    float64
		nearest float64 // to one that was taken
	}
	left := make([]candidate, len(passages))
	for i, p := range passages {
		left[i] = candidate{Passage: p, vector: p.Vector(), good: 1 - float64(i)/float64(len(passages))}
	}
	var out []Passage
	for len(left) > 0 {
		best, worth := 0, -1.0
		for i, c := range left {
			if w := lambda*c.good - (1-lambda)*c.nearest; i == 0 || w > worth {
				best, worth = i, w
			}
		}
		taken := left[best]
		out = append(out, taken.Passage)
		left = slices.Delete(left, best, best+1)
		for i := range left {
			if left[i].Lang == taken.Lang {
				left[i].nearest = max(left[i].nearest, likeness(left[i].vector, taken.vector))
			}
		}
	}
	return out
}

// likeness is the cosine of two lexical vectors.
func likeness(a, b Vector) float64 {
	var dot float64
	for i, j := 0, 0; i < len(a.Indices) && j < len(b.Indices); {
		switch cmp.Compare(a.Indices[i], b.Indices[j]) {
		case -1:
			i++
		case 1:
			j++
		default:
			dot += float64(a.Values[i]) * float64(b.Values[j])
			i, j = i+1, j+1
		}
	}
	if dot == 0 {
		return 0
	}
	return dot / (a.length() * b.length())
}

// joined makes one passage of those that follow each other in a document, at
// the place of the best of them.
func joined(passages []Passage) []Passage {
	var out []Passage
	for _, p := range passages {
		i := slices.IndexFunc(out, func(o Passage) bool { return p.follows(o) || o.follows(p) })
		if i < 0 {
			p.parts = 1
			out = append(out, p)
			continue
		}
		out[i] = join(out[i], p)
		// What was apart may now touch.
		for j := i + 1; j < len(out); j++ {
			if out[j].follows(out[i]) || out[i].follows(out[j]) {
				out[i] = join(out[i], out[j])
				out = slices.Delete(out, j, j+1)
				break
			}
		}
	}
	return out
}

// follows reports whether p comes right after o in their document.
func (p Passage) follows(o Passage) bool {
	return p.KB == o.KB && p.Lang == o.Lang && p.Doc == o.Doc && p.N == o.N+max(1, o.parts)
}

func join(a, b Passage) Passage {
	first, second := a, b
	if a.N > b.N {
		first, second = b, a
	}
	a.N, a.ID, a.Head, a.parts = first.N, first.ID, first.Head, max(1, a.parts)+max(1, b.parts)
	a.Text = first.Text + "\n" + second.Text[shared(first.Text, second.Text):]
	a.Score, a.Cosine, a.Fused = max(a.Score, b.Score), max(a.Cosine, b.Cosine), max(a.Fused, b.Fused)
	return a
}

// shared returns how many bytes of b the end of a says already: passages may
// begin with the last sentences of the one before.
func shared(a, b string) int {
	for from := max(0, len(a)-len(b)); from < len(a); from++ {
		if a[from] == b[0] && strings.HasPrefix(b, a[from:]) {
			return len(a) - from
		}
	}
	return 0
}

func (v Vector) length() float64 {
	var sum float64
	for _, x := range v.Values {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
