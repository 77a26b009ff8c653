// Package enginetest gives tests an engine of their own.
package enginetest

import (
	"log/slog"
	"testing"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/rag/engine"
)

// Open opens an engine in a temporary folder, and a client of it. Both are
// closed when the test ends; what goes wrong then is an error of the test.
func Open(tb testing.TB) (*engine.Engine, *qdrant.Client) {
	tb.Helper()
	e, err := engine.Open(tb.TempDir(), engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	client, err := e.Client()
	if err != nil {
		e.Close()
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		client.Close()
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e, client
}
