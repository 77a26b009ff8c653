package ledger

import (
	"math"
	"time"
)

// Labels say what was counted together.
type Labels struct {
	Day      string `json:"day,omitempty"` // in UTC: "2026-11-28"
	Tenant   string `json:"tenant,omitempty"`
	Key      string `json:"key,omitempty"`      // name of the caller's key
	Language string `json:"language,omitempty"` // of the question; empty if nobody serves it, and for plain models
	Adapter  string `json:"adapter,omitempty"`
	Model    string `json:"model,omitempty"`
	Degraded string `json:"degraded,omitempty"` // why answers were less than full
}

// Counts are what is counted.
type Counts struct {
	Requests         int64 `json:"requests"`
	Questions        int64 `json:"questions"` // that Tilgate was to answer itself
	Answers          int64 `json:"answers"`   // that ended well and had text
	Cached           int64 `json:"cached"`    // of these, given again
	Fallbacks        int64 `json:"fallbacks"` // another language or model answered than the right one
	Refusals         int64 `json:"refusals"`
	Failures         int64 `json:"failures"`
	Steps            int64 `json:"guard_steps"`
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	Characters       int64 `json:"characters"` // of answers
}

// fields are all counts, in the order of countColumns.
func (c *Counts) fields() []*int64 {
	return []*int64{&c.Requests, &c.Questions, &c.Answers, &c.Cached, &c.Fallbacks, &c.Refusals, &c.Failures, &c.Steps,
		&c.PromptTokens, &c.CompletionTokens, &c.Characters}
}

var countColumns = []string{"requests", "questions", "answers", "cached", "fallbacks", "refusals", "failures", "guard_steps",
	"prompt_tokens", "completion_tokens", "characters"}

// Add adds what o counted.
func (c *Counts) Add(o Counts) {
	to := c.fields()
	for i, n := range o.fields() {
		*to[i] += *n
	}
}

// bounds are those of the histograms, in milliseconds: close enough for a
// median that means something, from a quotation to a model without a GPU.
var bounds = [...]int64{2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000}

// A Histogram counts durations. The last of it counts those beyond all bounds.
type Histogram [len(bounds) + 1]int64

// Observe counts a duration. A clock that was set back makes none negative.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > time.Duration(bounds[i])*time.Millisecond {
		i++
	}
	h[i]++
}

// Add adds what o counted.
func (h *Histogram) Add(o Histogram) {
	for i, n := range o {
		h[i] += n
	}
}

// Quantile returns about the duration that a share q of all is not above; 0 of
// nothing. What is beyond the last bound counts as the bound.
func (h Histogram) Quantile(q float64) time.Duration {
	var all int64
	for _, n := range h {
		all += n
	}
	if all == 0 {
		return 0
	}
	rank, below := max(int64(math.Ceil(q*float64(all))), 1), int64(0)
	for i, n := range h {
		if below+n >= rank {
			lower, upper := bound(i-1), bound(i)
			return lower + time.Duration(float64(upper-lower)*float64(rank-below)/float64(n))
		}
		below += n
	}
	return bound(len(h))
}

func bound(i int) time.Duration {
	if i < 0 {
		return 0
	}
	return time.Duration(bounds[min(i, len(bounds)-1)]) * time.Millisecond
}

// bucket returns where a histogram counts what lies below a bound in
// milliseconds that the database has; 0 there stands for beyond all.
func bucket(ms int64) int {
	for i, b := range bounds {
		if ms > 0 && ms <= b {
			return i
		}
	}
	return len(bounds)
}

// bucketBound is the reverse of bucket.
func bucketBound(i int) int64 {
	if i >= len(bounds) {
		return 0
	}
	return bounds[i]
}
