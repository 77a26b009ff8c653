package admin

import (
	"context"
	"strings"

	"tilgate/internal/fault"
	"tilgate/serving/gateway"
)

// Do does what a form says.
func (c *Console) Do(ctx context.Context, v gateway.Visit) (gateway.Sheet, error) {
	switch v.Path {
	case "feedback":
		return c.doReview(ctx, v)
	case "people":
		return c.doCase(ctx, v)
	case "rollback":
		return c.doRollback(ctx, v)
	case "keys":
		return c.doKey(v)
	case "revoke":
		return c.doRevoke(v)
	}
	return gateway.Sheet{}, fault.NotFound.Errorf("there is no form for %q here", "/admin/"+v.Path)
}

// lines makes line ends of a form what they are elsewhere.
func lines(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }
