package outbound

import (
	"context"
	"strconv"

	"tilgate/internal/fault"
)

// One Tilgate may be the model server of another. So that no request goes round
// between them, each tells the next how many it has come through, and none that
// came from another is sent to a third.

// HopsHeader says through how many Tilgates a request has come. It goes with
// all that is sent over HTTP, but to web sites: what seems to be a model server
// may be another Tilgate.
const HopsHeader = "Tilgate-Hops"

// mostHops is how many Tilgates may be before this one.
const mostHops = 1

type hopsKey struct{}

// ReadHops reads the header of a request. An error, of the kind
// fault.Unavailable, refuses one that has come too far.
func ReadHops(value []byte) (int, error) {
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 0 || n > mostHops {
		return 0, fault.Unavailable.Errorf("this request says that it has come through %.20q other Tilgates, and may come through one: a site's servers lead back to it, or on to a third", value)
	}
	return n, nil
}

// WithHops returns a context of a request that has come through n other
// Tilgates.
func WithHops(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, hopsKey{}, n)
}

// hops returns through how many others a request has come.
func hops(ctx context.Context) int {
	n, _ := ctx.Value(hopsKey{}).(int)
	return n
}

// Onward returns what the header says of a request that goes on from here.
func Onward(ctx context.Context) string { return strconv.Itoa(hops(ctx) + 1) }
