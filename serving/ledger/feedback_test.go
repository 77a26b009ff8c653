package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tilgate/internal/fault"
	"tilgate/serving/feedback"
)

// holding returns a file under a folder in which a text stands; "" if in none.
func holding(t testing.TB, folder, text string) (found string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), text) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// corrected is feedback of a person, with consent.
func corrected(id, person, conversation string) feedback.Feedback {
	return feedback.Feedback{ID: id, Time: noon, Tenant: "moh", Key: "page", Exchange: "chatcmpl-" + id, Person: person, Conversation: conversation,
		Rating: -1, Reasons: []feedback.Reason{feedback.WrongSource}, Correction: "Туурасы ушундай.", Comment: "Булагы эски. " + person + "дын сөзү.",
		Consent: feedback.Consent{Training: true, Language: "ky", Version: "2026-11"}, Question: "Паспортту кайдан алам?", Answer: "Билбейм.",
		Language: "ky", Script: "Cyrl", Adapter: "ky", AdapterDigest: "d1", Model: "qwen3:8b",
		Passages: []feedback.Passage{{KB: "civil", Version: 3, Document: "p1", ID: "p1#2", Hash: "h", Cited: true}}, Licence: "CC-BY-4.0"}
}

func give(t testing.TB, l *Ledger, list ...feedback.Feedback) {
	t.Helper()
	for _, f := range list {
		if err := l.PutFeedback(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFeedback(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		f := corrected("f1", "p-17", "c-1")
		give(t, l, f)
		got, err := l.Feedback(t.Context(), "moh", "f1") // at once: it was in the database when PutFeedback returned
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, got); diff != "" {
			t.Error(diff)
		}
		for _, tt := range []struct{ tenant, id string }{{"moe", "f1"}, {"moh", "f2"}, {"", "f1"}, {"moh", "f1\x00"}} {
			if got, err := l.Feedback(t.Context(), tt.tenant, tt.id); tt.id != "f1\x00" && !fault.NotFound.Is(err) {
				t.Errorf("%+v: %+v %v", tt, got, err)
			}
		}
		again := f
		again.Comment = "Дагы."
		give(t, l, again)
		if list, err := l.ListFeedback(t.Context(), feedback.Query{}); err != nil || len(list) != 1 || list[0].Comment != "Дагы." {
			t.Errorf("said again: %+v %v", list, err)
		}
	})
}

func TestListFeedback(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for i := range 7 {
			f := corrected(fmt.Sprint("f", 7-i), "p", "c")
			f.Time = noon.Add(time.Duration(i/3) * time.Hour) // three at once
			if i == 6 {
				f.Tenant = "moe"
			}
			if i == 5 {
				f.Consent = feedback.Consent{}
			}
			give(t, l, f)
		}
		for _, tt := range []struct {
			query feedback.Query
			want  string
		}{
			{feedback.Query{}, "f5 f6 f7 f2 f3 f4 f1"},
			{feedback.Query{Tenant: "moh"}, "f5 f6 f7 f2 f3 f4"},
			{feedback.Query{Tenant: "moh", Limit: 2}, "f5 f6"},
			{feedback.Query{Tenant: "moh", Limit: 2, After: "f6"}, "f7 f2"},
			{feedback.Query{Tenant: "moh", After: "f3"}, "f4"},
			{feedback.Query{State: feedback.Counted}, "f2"},
			{feedback.Query{State: feedback.Agreed}, ""},
			{feedback.Query{Tenant: "moe"}, "f1"},
		} {
			list, err := l.ListFeedback(t.Context(), tt.query)
			var got []string
			for _, f := range list {
				got = append(got, f.ID)
			}
			if strings.Join(got, " ") != tt.want || err != nil {
				t.Errorf("%+v: %v %v, want %s", tt.query, got, err, tt.want)
			}
		}
		if _, err := l.ListFeedback(t.Context(), feedback.Query{Tenant: "moe", After: "f5"}); !fault.NotFound.Is(err) {
			t.Errorf("after one of another tenant: %v", err)
		}
	})
}

// Many review at the same moment, through two processes. No review is lost.
func TestReview(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		both := openBoth(t, o)
		f := corrected("f1", "p", "c")
		give(t, both[0], f)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				r := feedback.Review{By: fmt.Sprint("reviewer ", i), Time: noon, Verdict: feedback.Agree, Revision: f.Revision()}
				if err := both[i%2].ReviewFeedback(context.Background(), "moh", "f1", r); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := both[1].Feedback(t.Context(), "moh", "f1")
		if err != nil || len(got.Reviews) != 10 || got.State() != feedback.Agreed {
			t.Errorf("%d reviews, %v: %v", len(got.Reviews), got.State(), err)
		}
		if list, err := both[0].ListFeedback(t.Context(), feedback.Query{State: feedback.Agreed}); err != nil || len(list) != 1 {
			t.Errorf("agreed: %v %v", list, err)
		}
		if err := both[0].ReviewFeedback(t.Context(), "moe", "f1", feedback.Review{}); !fault.NotFound.Is(err) {
			t.Errorf("a review by another tenant: %v", err)
		}
	})
}

// TestErase erases a person and a conversation, and reads the files for what is
// left of them.
func TestErase(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		var list []feedback.Feedback
		for i := range 60 {
			list = append(list, corrected(fmt.Sprint("a", i), "person-to-forget", "c-1"), corrected(fmt.Sprint("b", i), "other-person", "talk-to-forget"))
		}
		list = append(list, corrected("other", "other-person", "c-3"))
		elsewhere := corrected("elsewhere", "person-to-forget", "c-1")
		elsewhere.Tenant = "moe"
		give(t, l, append(list, elsewhere)...)
		if err := l.ReviewFeedback(t.Context(), "moh", "a3", feedback.Review{By: "r", Verdict: feedback.Reject}); err != nil {
			t.Fatal(err)
		}
		for name, w := range map[string]feedback.Whose{"nobody": {}, "both": {Person: "p", Conversation: "c"}} {
			if _, err := l.EraseFeedback(t.Context(), "moh", w); !fault.Invalid.Is(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if gone, err := l.EraseFeedback(t.Context(), "moe", feedback.Whose{Person: "person-to-forget"}); err != nil || !slices.Equal(gone, []string{"elsewhere"}) {
			t.Errorf("moe: %v %v", gone, err)
		}
		for _, w := range []feedback.Whose{{Person: "person-to-forget"}, {Conversation: "talk-to-forget"}} {
			gone, err := l.EraseFeedback(t.Context(), "moh", w)
			if err != nil || len(gone) != 60 {
				t.Errorf("%+v: %d gone, %v", w, len(gone), err)
			}
			if again, err := l.EraseFeedback(t.Context(), "moh", w); err != nil || len(again) != 0 {
				t.Errorf("erased twice: %v %v", again, err)
			}
		}
		left, err := l.ListFeedback(t.Context(), feedback.Query{})
		if err != nil || len(left) != 1 || left[0].ID != "other" {
			t.Errorf("left are %v %v", left, err)
		}
		if o.Address != "" {
			return
		}
		for _, text := range []string{"person-to-forget", "talk-to-forget", "chatcmpl-a3"} {
			if file := holding(t, o.Folder, text); file != "" {
				t.Errorf("%s still holds %q", file, text)
			}
		}
		l.Close()
		if holding(t, o.Folder, "other-person") == "" {
			t.Error("the test does not see what is there")
		}
	})
}

// What waited in the spill of a process that is dead does not come back after
// its person was erased; what they say later does.
func TestEraseLate(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		late := corrected("late", "person-to-forget", "c")
		late.Time = time.Now().Add(-time.Hour)
		line, err := batch{Writer: "dead", Seq: 1, Feedback: []feedback.Feedback{late}}.line()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.EraseFeedback(t.Context(), "moh", feedback.Whose{Person: "person-to-forget"}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(o.Folder, spillFolder, "dead"+spillEnd)
		if err := os.WriteFile(path, line, 0o600); err != nil {
			t.Fatal(err)
		}
		second := open(t, o)
		give(t, second, corrected("anew", "person-to-forget", "c"))
		settled(t, second)
		list, err := second.ListFeedback(t.Context(), feedback.Query{})
		if err != nil || len(list) != 1 || list[0].ID != "anew" {
			t.Errorf("there are %+v %v", list, err)
		}
	})
}
