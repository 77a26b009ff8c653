package feedback

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/personal"
	"tilgate/rag"
	"tilgate/serving"
)

// A shelf is a Store in memory.
type shelf struct{ rows map[string]Feedback }

func (s *shelf) PutFeedback(_ context.Context, f Feedback) error {
	if s.rows == nil {
		s.rows = map[string]Feedback{}
	}
	s.rows[f.ID] = f
	return nil
}

func (s *shelf) Feedback(_ context.Context, tenant, id string) (Feedback, error) {
	f, ok := s.rows[id]
	if !ok || f.Tenant != tenant {
		return Feedback{}, fault.NotFound.Errorf("there is no feedback %q", id)
	}
	return f, nil
}

func (s *shelf) ListFeedback(_ context.Context, q Query) (list []Feedback, err error) {
	for _, f := range s.rows {
		if f.Tenant == q.Tenant && (q.State == "" || f.State() == q.State) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b Feedback) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

func (s *shelf) ReviewFeedback(_ context.Context, tenant, id string, r Review) error {
	f := s.rows[id]
	f.Reviews = append(slices.Clone(f.Reviews), r)
	s.rows[id] = f
	return nil
}

func (s *shelf) EraseFeedback(_ context.Context, tenant string, w Whose) ([]string, error) {
	return nil, nil
}

// A clerk knows one language and one knowledge base.
type clerk struct{}

func (clerk) Detect(texts []string) []serving.Language {
	return []serving.Language{{Tag: "ky", Script: "Cyrl"}}
}

func (clerk) Knowledge(context.Context, serving.Caller) ([]serving.KnowledgeBase, error) {
	return []serving.KnowledgeBase{{Name: "civil", Version: 7}}, nil
}

func newDesk(t testing.TB) (*Desk, *shelf) {
	t.Helper()
	find, err := personal.New([]string{"KG"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{}
	return &Desk{Memory: NewMemory(0, 0), Store: s, Knows: clerk{}, Licence: "CC-BY-4.0", Mask: func(text string) string {
		masked, _ := find.Mask(text)
		return masked
	}}, s
}

var (
	office = serving.Caller{Name: "office", Tenant: "moh", Scope: &serving.Scope{Policy: serving.Policy{LogText: true}}}
	silent = serving.Caller{Name: "silent", Tenant: "moh"}
)

const (
	question = "Баланы каттатуу канча турат? Номерим +996 555 123456."
	answer   = "Каттоо акысыз [1]."
)

// answered has the desk's memory watch an answer, whose digests are recorded.
func answered(m *Memory, c serving.Caller, id string) {
	r := serving.Request{ID: id, Caller: c, Messages: []serving.Message{{Role: "user", Content: question}}}
	for range m.Watch(r, script(m, r)) {
	}
}

func script(m *Memory, r serving.Request) iter.Seq2[serving.Event, error] {
	return func(yield func(serving.Event, error) bool) {
		passages := []rag.Passage{{KB: "civil", Doc: "birth", ID: "p1", Hash: "h1", Text: "Каттоо акысыз."}, {KB: "civil", Doc: "fees", ID: "p9", Hash: "h2"}}
		plan := serving.Plan{Language: serving.Language{Tag: "ky", Script: "Cyrl"}, Adapter: "ky", Model: "qwen3:8b", Passages: passages}
		defer m.Record(context.Background(), serving.Exchange{ID: r.ID, Digests: serving.Digests{Adapter: "a1", Model: "m1"}})
		_ = yield(plan, nil) && yield(serving.Delta{Text: answer[:len(answer)/2]}, nil) && yield(serving.Delta{Text: answer[len(answer)/2:]}, nil) &&
			yield(serving.Done{Finish: "stop", Plan: plan, Citations: []serving.Citation{{N: 1, Passage: passages[0]}}}, nil)
	}
}

func agreeing(t testing.TB, d *Desk, id string, names ...string) Feedback {
	t.Helper()
	var f Feedback
	for _, name := range names {
		read, err := d.Store.Feedback(t.Context(), "moh", id)
		if err == nil {
			f, err = d.Review(t.Context(), serving.Caller{Name: name, Tenant: "moh"}, id, Review{Verdict: Agree, Revision: read.Revision()})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func long(n int) string { return strings.Repeat("ы", n) }
