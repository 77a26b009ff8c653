package serving

import (
	"iter"
	"strings"
	"testing"

	"tilgate/internal/fault"
)

// An answer whose record could not be kept does not end well, however it goes
// to its reader; one that failed by itself says why it did.
func TestKeep(t *testing.T) {
	full := fault.Unavailable.Errorf("answers cannot be recorded")
	var kept []Exchange
	w := newWorld(t, Options{Keep: func(x Exchange) error {
		kept = append(kept, x)
		return full
	}})
	w.model = says("58 жаш [1].")
	for _, tt := range []struct {
		name string
		ask  func() (said string, err error)
		said string
		want string
	}{
		{"auto", func() (string, error) {
			return told(w.Answer(t.Context(), Request{Messages: []Message{{Role: "user", Content: question}}}))
		}, "58 жаш [1].", "answers cannot be recorded"},
		{"plain", func() (string, error) {
			w.upstream = plainModels{reply: &Reply{Status: 200, Body: []byte("whole")}}
			r, err := w.Forward(t.Context(), Caller{}, Raw{Model: "tiny"})
			return string(r.Body), err
		}, "", "answers cannot be recorded"},
		{"plain, in pieces", func() (said string, err error) {
			w.upstream = plainModels{pieces: []string{"piece"}}
			r, err := w.Forward(t.Context(), Caller{}, Raw{Model: "tiny", Stream: true})
			if err != nil {
				return "", err
			}
			for p, e := range r.Stream {
				said, err = said+string(p), e
			}
			return said, err
		}, "piece", "answers cannot be recorded"},
		{"failed", func() (string, error) {
			w.upstream = plainModels{reply: &Reply{}, err: fault.NotFound.Errorf("no such model")}
			_, err := w.Forward(t.Context(), Caller{}, Raw{Model: "tiny"})
			return "", err
		}, "", "no such model"},
	} {
		kept, w.records = nil, nil
		said, err := tt.ask()
		if said != tt.said || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q, %v", tt.name, said, err)
		}
		if len(kept) != 1 || len(w.records) != 1 || !strings.Contains(w.records[0].Err.Error(), tt.want) {
			t.Errorf("%s: kept %d times, recorded %d times", tt.name, len(kept), len(w.records))
		}
	}
}

func told(events iter.Seq2[Event, error]) (said string, err error) {
	for e, wrong := range events {
		if d, ok := e.(Delta); ok {
			said += d.Text
		}
		err = wrong
	}
	return said, err
}
