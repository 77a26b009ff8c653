package sources

import (
	"context"
	"iter"

	"tilgate/rag/read"
)

// An event of a file: a document, an error, or what is to be remembered.
type event struct {
	item read.Item
	err  error
	done *seen // at the end of what was read whole
}

// reading is a file whose documents come.
type reading struct {
	listed
	events <-chan event
}

// buffered documents of one file wait to be taken.
const buffered = 4

// ahead reads up to n files at a time, and yields them in their order. Each
// one's events must be taken until they end.
func ahead(ctx context.Context, n int, files []listed, readFile func(context.Context, listed, chan<- event)) iter.Seq[reading] {
	return func(yield func(reading) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		queue := make(chan reading, n-1)
		go func() {
			defer close(queue)
			for _, f := range files {
				events := make(chan event, buffered)
				select {
				case queue <- reading{f, events}:
				case <-ctx.Done():
					return
				}
				go func() {
					defer close(events)
					readFile(ctx, f, events)
				}()
			}
		}()
		for r := range queue {
			if !yield(r) {
				cancel()
				drain(r.events)
				for r := range queue {
					drain(r.events)
				}
				return
			}
		}
	}
}

// drain lets a reader that was told to stop end.
func drain(events <-chan event) {
	for range events {
	}
}
