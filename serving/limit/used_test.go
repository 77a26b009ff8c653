package limit

import (
	"testing"
	"time"

	"tilgate/serving"
)

// used asks for a while what a caller has used, until it is as much as that.
func used(t *testing.T, l Limiter, name string, want serving.Quota) {
	t.Helper()
	var day, month serving.Quota
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		var err error
		if day, month, err = l.Used(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if day == want && month == want {
			return
		}
	}
	t.Errorf("used %+v today and %+v this month, want %+v", day, month, want)
}

// Both say what a caller has used of its quotas.
func TestUsed(t *testing.T) {
	for name, l := range map[string]func() Limiter{
		"memory": func() Limiter { return new(Memory) },
		"Redis":  func() Limiter { return startRedis(t).open(t, Options{}) },
	} {
		t.Run(name, func(t *testing.T) {
			l := l()
			c := serving.Caller{Name: "школа", Scope: &serving.Scope{Limits: serving.Limits{Day: serving.Quota{Requests: 100}}}}
			used(t, l, c.Name, serving.Quota{})
			for range 2 {
				grant, err := l.Admit(t.Context(), c, 10)
				if err != nil {
					t.Fatal(err)
				}
				l.Record(t.Context(), serving.Exchange{Caller: c, Chars: 5, Usage: serving.Usage{PromptTokens: 3, CompletionTokens: 4}})
				grant.Release()
			}
			used(t, l, c.Name, serving.Quota{Requests: 2, Chars: 30, Tokens: 14})
			used(t, l, "another", serving.Quota{})
		})
	}
}
