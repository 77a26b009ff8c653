package serving

import (
	"context"
	"iter"
	"strings"
	"testing"
	"unicode/utf8"

	"tilgate/internal/fault"
)

var errCut = fault.Unavailable.Errorf("the model server broke off its answer")

// A breaking model says an answer in pieces of a few bytes, and breaks off
// after so many of them; each time it is asked again it goes on, as far as the
// next break.
type breaking struct {
	answer  string
	size    int   // of a piece
	breaks  []int // bytes after which it breaks off, the first time, the second …
	restart bool  // it cannot go on, and begins anew
	again   int   // bytes that it says again when it goes on
	asked   []string
}

func (b *breaking) Chat(_ context.Context, p Prompt) iter.Seq2[Chunk, error] {
	turn := len(b.asked)
	b.asked = append(b.asked, p.Begun)
	return func(yield func(Chunk, error) bool) {
		from := max(len(p.Begun)-b.again, 0)
		if b.restart {
			from = 0
		}
		for !utf8.RuneStart((b.answer + "x")[from]) {
			from--
		}
		end := len(b.answer)
		if turn < len(b.breaks) {
			end = max(b.breaks[turn], from)
		}
		for at := from; at < end; {
			next := min(at+b.size, end)
			for next < len(b.answer) && !utf8.RuneStart(b.answer[next]) {
				next++
			}
			if !yield(Chunk{Text: b.answer[at:next]}, nil) {
				return
			}
			at = next
		}
		if turn < len(b.breaks) {
			yield(Chunk{}, errCut)
			return
		}
		yield(Chunk{Finish: "stop", Usage: &Usage{PromptTokens: 1, CompletionTokens: 1}}, nil)
	}
}

const longAnswer = "Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат [1]. Билет он беш сом турат [2]. Башка маалымат жок."

// A model server that is lost at any byte of an answer costs the reader
// nothing: the text comes whole, once.
func TestContinued(t *testing.T) {
	for _, kind := range []breaking{{size: 1}, {size: 7}, {size: 5, again: 24}, {size: 3, restart: true}} {
		for at := 1; at < len(longAnswer); at++ {
			m := kind
			m.answer, m.breaks = longAnswer, []int{at}
			w := newWorld(t, Options{})
			w.model = &m
			a := w.ask(t.Context(), user(question))
			if a.err != nil || a.text != longAnswer || a.done == nil {
				t.Fatalf("cut at %d of %+v: %q, %v", at, kind, a.text, a.err)
			}
			x := w.records[0]
			if a.done.Plan.Degraded != Continued || x.Continued != 1 || !a.done.Usage.Estimated || len(a.done.Citations) != 2 {
				t.Fatalf("cut at %d: %q, continued %d, %+v, %d citations", at, a.done.Plan.Degraded, x.Continued, a.done.Usage, len(a.done.Citations))
			}
			if len(m.asked) != 2 || m.asked[0] != "" || !strings.HasPrefix(longAnswer, m.asked[1]) || len(m.asked[1]) < at {
				t.Fatalf("cut at %d: asked %q", at, m.asked)
			}
		}
	}
}

// It is gone on with a few times, then said to be broken.
func TestContinuedTooOften(t *testing.T) {
	m := &breaking{answer: longAnswer, size: 4, breaks: []int{10, 20, 30, 40, 50}}
	w := newWorld(t, Options{})
	w.model = m
	if a := w.ask(t.Context(), user(question)); !fault.Unavailable.Is(a.err) || !strings.HasPrefix(longAnswer, a.text) || len(m.asked) != 1+mostContinued {
		t.Errorf("%q, %v after %d", a.text, a.err, len(m.asked))
	}
}

// The guard judges the whole: what the second server says in another language
// is stopped.
func TestContinuedIsGuarded(t *testing.T) {
	w := newWorld(t, Options{})
	m := &breaking{answer: longAnswer, size: 4, breaks: []int{60}}
	w.model = m
	seen := ""
	w.judge = func(text string) error { seen += text; return nil }
	if a := w.ask(t.Context(), user(question)); a.err != nil || seen != longAnswer || len(w.rules) != 1 {
		t.Errorf("%v: the guard saw %q in %d filters", a.err, seen, len(w.rules))
	}
}

// The reader leaves while another server goes on.
func TestContinuedAndLeft(t *testing.T) {
	w := newWorld(t, Options{})
	w.model = &breaking{answer: longAnswer, size: 4, breaks: []int{40}}
	text := ""
	for event, err := range w.Answer(t.Context(), user(question)) {
		if d, ok := event.(Delta); ok {
			text += d.Text
		}
		if err != nil || len(text) > 60 {
			break
		}
	}
	if len(w.records) != 1 || !fault.Canceled.Is(w.records[0].Err) {
		t.Errorf("%+v", w.records)
	}
}

func TestOverlap(t *testing.T) {
	const said = "Аялдар 58 жаштан, эркектер 63 "
	for _, tt := range []struct {
		name, next, want string
	}{
		{"goes on", "жаштан.", "жаштан."},
		{"says the last words again", "эркектер 63 жаштан.", "жаштан."},
		{"begins anew", said + "жаштан.", "жаштан."},
		{"begins anew after a space", " " + said + "жаштан.", "жаштан."},
		{"begins anew, and otherwise", "Аялдар 58 жаштан чыгат.", " чыгат."},
		{"one letter by chance", " ж", " ж"},
		{"a short word by chance", "58 жыл", "58 жыл"},
		{"nothing", "", ""},
		{"only what was said", "эркектер 63 ", ""},
	} {
		for size := 1; size <= len(tt.next)+1; size++ {
			o, got := overlap{said: said, open: true}, ""
			for rest := tt.next; rest != ""; {
				n := min(size, len(rest))
				got += o.add(rest[:n])
				rest = rest[n:]
			}
			if got += o.end(); got != tt.want {
				t.Errorf("%s, %d bytes a piece: %q, want %q", tt.name, size, got, tt.want)
			}
		}
	}
}

// What is taken away is a beginning; nothing else changes, however it is cut.
func FuzzOverlap(f *testing.F) {
	f.Add("Аялдар 58 жаштан", " жаштан чыгат", 3)
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaab", 1)
	f.Fuzz(func(t *testing.T, said, next string, size int) {
		size = max(size%16, 1)
		o, got := overlap{said: said, open: true}, ""
		for rest := next; rest != ""; {
			n := min(size, len(rest))
			got += o.add(rest[:n])
			rest = rest[n:]
		}
		if got += o.end(); !strings.HasSuffix(next, got) {
			t.Errorf("%q after %q became %q", next, said, got)
		}
	})
}
