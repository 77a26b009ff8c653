package record

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A slow writer remembers what it was given, and when.
type slow struct {
	bytes.Buffer
	mu     sync.Mutex
	writes int
	hold   chan struct{} // if there is one, each write waits for it
	err    error
}

func (s *slow) Write(p []byte) (int, error) {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if len(p) > 0 {
		s.writes++
	}
	return s.Buffer.Write(p)
}

func (s *slow) text() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.String(), s.writes
}

func TestBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{}
		b := NewBuffer(out)
		for i := range 50 {
			fmt.Fprintf(b, "%d\n", i)
		}
		time.Sleep(flushEvery - time.Millisecond)
		if text, _ := out.text(); text != "" {
			t.Errorf("written too soon: %q", text)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if text, n := out.text(); strings.Count(text, "\n") != 50 || n != 1 {
			t.Errorf("after a tenth of a second: %q in %d writes", text, n)
		}
		b.Write(bytes.Repeat([]byte("x"), flushAt))
		synctest.Wait()
		if _, n := out.text(); n != 2 {
			t.Errorf("much is not written at once: %d writes", n)
		}
		fmt.Fprint(b, "end")
		b.Close()
		if text, _ := out.text(); !strings.HasSuffix(text, "end") {
			t.Error("what waited at the end is lost")
		}
		if _, err := b.Write([]byte("x")); err == nil {
			t.Error("a closed buffer takes more")
		}
	})
}

// Who writes faster than the disk waits; nothing is lost, and memory bounded.
func TestBufferWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{hold: make(chan struct{})}
		b := NewBuffer(out)
		written := 0
		go func() {
			for range 40 {
				b.Write(bytes.Repeat([]byte("x"), mostWaits/10))
				written++
			}
			b.Close()
		}()
		synctest.Wait()
		if written > 21 {
			t.Errorf("%d writes did not wait", written)
		}
		close(out.hold)
		time.Sleep(time.Minute)
		if text, _ := out.text(); len(text) != 40*(mostWaits/10) {
			t.Errorf("%d bytes came", len(text))
		}
	})
}

func TestBufferCountsWhatIsLost(t *testing.T) {
	b := NewBuffer(&slow{err: errors.New("no space left on device")})
	fmt.Fprint(b, "line\n")
	b.Close()
	if b.Lost() != 5 {
		t.Errorf("%d bytes lost", b.Lost())
	}
}

func TestBufferFromManySides(t *testing.T) {
	out := &slow{}
	b := NewBuffer(out)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5000 {
				b.Write([]byte("0123456789abcdef0123456789abcdef\n"))
			}
		})
	}
	wg.Wait()
	b.Close()
	text, _ := out.text()
	if lines := strings.Count(text, "0123456789abcdef0123456789abcdef\n"); lines != 40000 || len(text) != 40000*33 {
		t.Errorf("%d lines, %d bytes", lines, len(text))
	}
}
