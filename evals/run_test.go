package evals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
)

// asks is a Target made of a function.
type asks func(context.Context, Case) (Answer, error)

func (f asks) Ask(ctx context.Context, c Case) (Answer, error) { return f(ctx, c) }

// noScore scores nothing.
type noScore struct{}

func (noScore) Score(context.Context, Case, *Result) error { return nil }

func some(n int) []Case {
	task := &Task{Suite: "s", Name: "t", Lang: "ky"}
	var list []Case
	for i := range n {
		list = append(list, Case{Task: task, Item: &Item{ID: fmt.Sprint(i)}, Prompt: "p"})
	}
	return list
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := map[string]int{}
		var mu sync.Mutex
		target := asks(func(ctx context.Context, c Case) (Answer, error) {
			mu.Lock()
			tries[c.Item.ID]++
			n := tries[c.Item.ID]
			mu.Unlock()
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return Answer{}, ctx.Err()
			}
			switch {
			case c.Item.ID == "3" && n < 3:
				return Answer{}, fault.Unavailable.Errorf("busy")
			case c.Item.ID == "4":
				return Answer{}, fault.Unavailable.Errorf("down")
			case c.Item.ID == "5":
				return Answer{}, fault.Invalid.Errorf("too long")
			}
			return Answer{Text: c.Item.ID}, nil
		})
		var kept []Result
		run := Run{Models: []string{"m"}, Targets: map[string]Target{"m": target}, Scorer: noScore{}, Workers: 64, Tries: 3,
			Done: func(_ string, c Case) bool { return c.Item.ID == "7" },
			Keep: func(r Result) error { kept = append(kept, r); return nil }}
		start := time.Now()
		if err := run.Ask(t.Context(), some(64)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("64 at once took %s", took)
		}
		byID := map[string]Result{}
		for _, r := range kept {
			byID[r.Key] = r
		}
		if len(kept) != 63 || byID["s/t/ky/p/3"].Tries != 3 || byID["s/t/ky/p/3"].Error != "" || byID["s/t/ky/p/4"].Error != "down" || byID["s/t/ky/p/4"].Tries != 3 || byID["s/t/ky/p/5"].Tries != 1 || tries["7"] != 0 {
			t.Errorf("%d kept; %+v", len(kept), byID)
		}
	})
}

// A key that is refused, a full disk or Ctrl-C end a run; nothing hangs.
func TestRunEnds(t *testing.T) {
	ok := asks(func(context.Context, Case) (Answer, error) { return Answer{}, nil })
	keep := func(Result) error { return nil }
	ctx, cancel := context.WithCancel(t.Context())
	for name, tt := range map[string]struct {
		target Target
		keep   func(Result) error
		ctx    context.Context
	}{
		"refused":       {asks(func(context.Context, Case) (Answer, error) { return Answer{}, fault.Unauthorized.Errorf("no such key") }), keep, t.Context()},
		"no such model": {asks(func(context.Context, Case) (Answer, error) { return Answer{}, fault.NotFound.Errorf("no model m") }), keep, t.Context()},
		"disk full":     {ok, func(Result) error { return errors.New("no space left") }, t.Context()},
		"left": {asks(func(ctx context.Context, _ Case) (Answer, error) {
			cancel()
			<-ctx.Done()
			return Answer{}, ctx.Err()
		}), keep, ctx},
	} {
		run := Run{Models: []string{"m"}, Targets: map[string]Target{"m": tt.target}, Scorer: noScore{}, Keep: tt.keep}
		if err := run.Ask(tt.ctx, some(1000)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCases(t *testing.T) {
	task := &Task{Suite: "s", Name: "mc", Kind: MultipleChoice, Lang: "ky",
		Prompts: []Prompt{{Name: "p", System: "Сынак.", Text: "{{text}}\n{{choices}}\n{{field hint}}"}},
		Shots:   []Item{{ID: "x", Text: "2+2?", Choices: []string{"4", "5"}, Gold: Texts{"A"}, Fields: map[string]string{"hint": "!"}}},
		Items:   []Item{{ID: "1", Text: "3+3?", Choices: []string{"5", "6"}, Gold: Texts{"B"}, Fields: map[string]string{"hint": "?"}}}}
	list, err := task.Cases(-1)
	if err != nil {
		t.Fatal(err)
	}
	want := []Turn{{"system", "Сынак."}, {"user", "2+2?\nA. 4\nB. 5\n!"}, {"assistant", "A"}, {"user", "3+3?\nA. 5\nB. 6\n?"}}
	if len(list) != 1 || !slices.Equal(list[0].Turns, want) || list[0].Key() != "s/mc/ky/p/1" {
		t.Errorf("%+v", list)
	}
	if none, _ := task.Cases(0); len(none[0].Turns) != 2 || none[0].Digest() == list[0].Digest() {
		t.Errorf("without examples: %+v", none[0].Turns)
	}
	task.LogLik = true
	if list, _ := task.Cases(0); !slices.Equal(list[0].Continuations, []string{"A", "B"}) {
		t.Errorf("letters that are shown: %q", list[0].Continuations)
	}
	task.Prompts[0].Text = "{{text}}"
	if list, _ := task.Cases(0); !slices.Equal(list[0].Continuations, []string{"5", "6"}) {
		t.Errorf("choices that are not: %q", list[0].Continuations)
	}
	for _, bad := range []string{"{{texts}}", "{{field none}}", "{{field}}", "{{}}"} {
		task.Prompts[0].Text = bad
		if _, err := task.Cases(0); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
