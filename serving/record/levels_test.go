package record

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

func TestLevels(t *testing.T) {
	plan := func(degraded string, grounded bool) serving.Exchange {
		return serving.Exchange{Auto: true, Plan: serving.Plan{Language: serving.Language{Tag: "ky-Latn"}, Adapter: "ky", Degraded: degraded, Grounded: grounded}}
	}
	failed := func(err error) serving.Exchange {
		x := plan("", true)
		x.Err = err
		return x
	}
	russian := plan(serving.OtherLanguage, true)
	russian.Plan.Adapter = "ru"
	for _, tt := range []struct {
		name     string
		exchange serving.Exchange
		want     string // level by level; lower case for not kept
	}{
		{"well", plan("", true), "A L G F"},
		{"found nothing", plan(serving.NotFound, false), "A L g F"},
		{"no knowledge base", plan(serving.NoStore, false), "A L g f"},
		{"quotes only", plan(serving.NoModel, true), "A L G f"},
		{"another model", plan(serving.OtherModel, true), "A L G f"},
		{"the model was lost", plan(serving.ModelLost, true), "A L G f"},
		{"gone on with by another server", plan(serving.Continued, true), "A L G F"},
		{"answered in Russian", russian, "A l G F"},
		{"could not speak it", plan(serving.Unable, true), "A l G F"},
		{"asked without knowledge", plan("", false), "A L F"},
		{"stopped in another language", failed(fault.Blocked.Errorf("stopped")), "A l G F"},
		{"our mistake", failed(strings.NewReader("").UnreadByte()), "a"},
		{"no server", failed(fault.Unavailable.Errorf("down")), "a"},
		{"too slow", failed(fault.Timeout.Errorf("slow")), "a"},
		{"the reader left", failed(fault.Canceled.Errorf("left")), ""},
		{"a faulty request", failed(fault.Invalid.Errorf("faulty")), ""},
		{"over its quota", failed(fault.Limited.Errorf("too much")), ""},
	} {
		m := NewMetrics(prometheus.NewRegistry())
		m.Record(t.Context(), tt.exchange)
		var got []string
		for _, level := range []string{"answered", "language", "grounded", "full"} {
			letter := strings.ToUpper(level[:1])
			if testutil.ToFloat64(m.levels.WithLabelValues("ky", level, "yes")) == 1 {
				got = append(got, letter)
			}
			if testutil.ToFloat64(m.levels.WithLabelValues("ky", level, "no")) == 1 {
				got = append(got, strings.ToLower(letter))
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, s, tt.want)
		}
	}
}

// TestLevelsOfNobody counts what has no language of its own.
func TestLevelsOfNobody(t *testing.T) {
	m := NewMetrics(prometheus.NewRegistry())
	m.Record(t.Context(), serving.Exchange{Model: "tiny:1b", Err: fault.Unavailable.Errorf("down")})
	m.Record(t.Context(), serving.Exchange{Auto: true, Err: fault.Unavailable.Errorf("the audit log cannot be written")})
	for _, language := range []string{"", "refused"} {
		if n := testutil.ToFloat64(m.levels.WithLabelValues(language, "answered", "no")); n != 1 {
			t.Errorf("%q: %v failures, want 1", language, n)
		}
	}
}

// TestLevelsBeginAtZero sees the series of a language before its first question.
func TestLevelsBeginAtZero(t *testing.T) {
	r := prometheus.NewRegistry()
	NewMetrics(r).Expect(lang.Tag("ky"), lang.Tag("sr-Latn"))
	if n, err := testutil.GatherAndCount(r, "tilgate_levels_total"); err != nil || n != 4*8 { // two languages, plain models, and refused
		t.Errorf("%d series, %v", n, err)
	}
}
