package embed

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// A server stands in for an embedding server: its vectors are hashes of the
// words, and it does to some texts what servers do.
type server struct {
	mu    sync.Mutex
	calls [][]string
	down  bool
	nan   string // a text with this gives NaN
	fails string // a text with this gives HTTP 500, and so does its batch
	once  bool   // but only once
	long  int    // bytes that it has room for; 0 means all
	dim   int    // of its vectors; 0 means 8
	slow  time.Duration
}

func (s *server) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, slices.Clone(texts))
	if s.down {
		return nil, fault.Unavailable.Errorf("the model server is not answering")
	}
	if s.slow > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.slow):
		}
	}
	var out [][]float32
	for _, t := range texts {
		if s.fails != "" && strings.Contains(t, s.fails) {
			if s.once {
				s.fails = ""
			}
			return nil, fault.Unavailable.Errorf("the model server failed")
		}
		if s.long > 0 && len(t) > s.long {
			return nil, fault.TooLarge.Errorf("the text is longer than the context of the model")
		}
		v := vector(t, cmp.Or(s.dim, 8))
		if s.nan != "" && strings.Contains(t, s.nan) {
			v[1] = float32(math.NaN())
		}
		out = append(out, v)
	}
	return out, nil
}

// vector is a deterministic one of the words of a text.
func vector(text string, dim int) []float32 {
	v := make([]float32, dim)
	for _, w := range strings.Fields(text) {
		h := fnv.New32a()
		h.Write([]byte(w))
		v[h.Sum32()%uint32(dim)] += 1
	}
	return v
}

func passages(texts ...string) []rag.Passage {
	var out []rag.Passage
	for i, t := range texts {
		out = append(out, rag.Passage{Doc: "d", N: i, Text: t, Lang: "ky"})
	}
	return out
}

func with(vectors [][]float32) string {
	var b strings.Builder
	for _, v := range vectors {
		if v == nil {
			b.WriteByte('-')
		} else {
			b.WriteByte('x')
		}
	}
	return b.String()
}

// Whatever happens to one text, the others get their vectors.
func TestPassages(t *testing.T) {
	texts := []string{"пенсия курагы", "бала жөлөкпулу", "унаа каттоо", "жер салыгы", "паспорт алуу"}
	for _, tt := range []struct {
		name   string
		server *server
		want   string
		why    string // of the error; empty means none
	}{
		{"all well", &server{}, "xxxxx", ""},
		{"one fails for good", &server{fails: "унаа"}, "xx-xx", "the model server failed"},
		{"one fails once", &server{fails: "унаа", once: true}, "xxxxx", ""},
		{"one has no numbers", &server{nan: "жер"}, "xxx-x", "NaN"},
		{"down", &server{down: true}, "-----", "not answering"},
		{"wrong dimension", &server{dim: 7}, "-----", "not 8; correct embed.dimension"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := New(tt.server, Options{Name: "bge-m3", Dimension: 8, Batch: 3})
				vectors, err := m.Passages(t.Context(), passages(texts...))
				if got := with(vectors); got != tt.want {
					t.Errorf("vectors %s, want %s (%v)", got, tt.want, err)
				}
				if tt.why == "" && err != nil || tt.why != "" && (err == nil || !strings.Contains(err.Error(), tt.why)) {
					t.Errorf("error %v, want %q", err, tt.why)
				}
			})
		})
	}
}

func TestTooLong(t *testing.T) {
	s := &server{long: 100}
	m := New(s, Options{Name: "bge-m3"})
	text := strings.Repeat("пенсия ", 100)
	vectors, err := m.Passages(t.Context(), passages(text))
	if err != nil || with(vectors) != "x" {
		t.Fatalf("%s, %v", with(vectors), err)
	}
	sent := s.calls[len(s.calls)-1][0]
	if !strings.HasPrefix(text, sent) || len(sent) < 40 || strings.HasSuffix(sent, "пен") {
		t.Errorf("%q was sent in place of a text that is too long", sent)
	}
}

// A server that is down is not asked about each of a million passages.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{down: true}
		m := New(s, Options{Name: "bge-m3", Batch: 4})
		many := passages(strings.Fields(strings.Repeat("сөз ", 400))...)
		if _, err := m.Passages(t.Context(), many); !fault.Unavailable.Is(err) {
			t.Errorf("error %v", err)
		}
		if n := len(s.calls); n > 8 {
			t.Errorf("a server that is down was asked %d times", n)
		}
		s.down = false
		time.Sleep(time.Minute)
		if vectors, err := m.Passages(t.Context(), many); err != nil || strings.Contains(with(vectors), "-") {
			t.Errorf("after a rest: %v", err)
		}
	})
}

// A slow server holds up three questions, not all.
func TestQuestionsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{slow: time.Hour}
		m := New(s, Options{Name: "bge-m3"})
		start := time.Now()
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := m.Question(ctx, "Кайда?"); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("error %v", err)
			}
			cancel()
		}
		if waited := time.Since(start); waited > 3*time.Second {
			t.Errorf("a hundred questions waited for %v", waited)
		}
		s.slow = 0
		time.Sleep(time.Minute)
		if _, err := m.Question(t.Context(), "Кайда?"); err != nil {
			t.Errorf("after a rest: %v", err)
		}
	})
}

func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := New(&server{slow: time.Hour}, Options{Name: "bge-m3"}).Passages(ctx, passages("сөз"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// A run that was cut off goes on from the disk, and another model does not.
func TestCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors.db")
	texts := passages("пенсия курагы", "бала жөлөкпулу", "пенсия курагы")
	run := func(name string) (int, [][]float32) {
		c, err := OpenCache(path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s := &server{}
		vectors, err := New(s, Options{Name: name, Cache: c}).Passages(t.Context(), texts)
		if err != nil {
			t.Fatal(err)
		}
		return len(s.calls), vectors
	}
	calls, fresh := run("bge-m3")
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
	calls, kept := run("bge-m3")
	if calls != 0 || !slices.EqualFunc(fresh, kept, slices.Equal) {
		t.Errorf("%d calls for vectors that are kept; %v is not %v", calls, kept, fresh)
	}
	if calls, _ := run("embeddinggemma"); calls != 1 {
		t.Errorf("another model made %d calls, want 1", calls)
	}
}

func TestPrefixes(t *testing.T) {
	for _, tt := range []struct{ model, question, passage string }{
		{"bge-m3", "Кайда?", "Мында."},
		{"BAAI/bge-m3", "Кайда?", "Мында."},
		{"qwen3-embedding:0.6b", "Instruct: Given a question, retrieve passages that answer it\nQuery: Кайда?", "Мында."},
		{"embeddinggemma:300m", "task: search result | query: Кайда?", "title: none | text: Мында."},
		{"intfloat/multilingual-e5-base", "query: Кайда?", "passage: Мында."},
		{"nomic-embed-text-v2-moe", "search_query: Кайда?", "search_document: Мында."},
		{"somebody/new", "Кайда?", "Мында."},
	} {
		s := &server{}
		m := New(s, Options{Name: tt.model})
		if _, err := m.Question(t.Context(), "Кайда?"); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Passages(t.Context(), passages("Мында.")); err != nil {
			t.Fatal(err)
		}
		if q, p := s.calls[0][0], s.calls[1][0]; q != tt.question || p != tt.passage {
			t.Errorf("%s is sent %q and %q, want %q and %q", tt.model, q, p, tt.question, tt.passage)
		}
	}
	own := New(&server{}, Options{Name: "bge-m3", Prefixes: &Prefixes{Passage: "passage: "}})
	if own.Name() == "bge-m3" {
		t.Error("vectors of another instruction go by the same name")
	}
}

func TestDimension(t *testing.T) {
	if n, err := New(&server{}, Options{Name: "m"}).Dimension(t.Context()); n != 8 || err != nil {
		t.Errorf("dimension %d, %v, want 8", n, err)
	}
	if _, err := New(&server{down: true}, Options{Name: "m"}).Dimension(t.Context()); !fault.Unavailable.Is(err) {
		t.Errorf("error %v", err)
	}
}
