package fault

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestOf(t *testing.T) {
	secret := errors.New("dial tcp 10.1.2.3:6334: refused")
	for _, tt := range []struct {
		err    error
		kind   Kind
		public string
		param  string
	}{
		{Unsupported.Errorf("no adapter serves %s", "xx"), Unsupported, "no adapter serves xx", ""},
		{Unavailable.Wrap(secret, "the store is down"), Unavailable, "the store is down", ""},
		{fmt.Errorf("asking: %w", Invalid.Field("messages", "messages is missing")), Invalid, "messages is missing", "messages"},
		{fmt.Errorf("asking: %w", context.Canceled), Canceled, "the request was canceled", ""},
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), Timeout, "the request took too long", ""},
		{secret, Internal, "internal error", ""},
	} {
		if got := Of(tt.err); got != tt.kind {
			t.Errorf("Of(%v) = %v, want %v", tt.err, got, tt.kind)
		}
		if got, param := Public(tt.err); got != tt.public || param != tt.param {
			t.Errorf("Public(%v) = %q, %q, want %q, %q", tt.err, got, param, tt.public, tt.param)
		}
		if !tt.kind.Is(tt.err) {
			t.Errorf("%v.Is(%v) = false", tt.kind, tt.err)
		}
	}
	if Internal.Is(nil) {
		t.Error("a nil error has a kind")
	}
	if err := Unavailable.Wrap(nil, "down"); err != nil {
		t.Errorf("Wrap(nil) = %v", err)
	}
}
