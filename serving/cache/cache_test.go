package cache

import (
	"encoding/binary"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tilgate/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, o Options) *Cache {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func key(n int) (k serving.Key) {
	binary.BigEndian.PutUint64(k[:], uint64(n))
	return k
}

func answer(n int) serving.Kept {
	return serving.Kept{Pieces: []string{strings.Repeat("а", n/4), strings.Repeat("б", n/4)}, Finish: "stop"}
}

func TestCache(t *testing.T) {
	c := open(t, Options{Bytes: 1 << 20})
	if _, ok := c.Get(key(1)); ok {
		t.Error("an empty cache has an answer")
	}
	c.Put(key(1), answer(100))
	if got, ok := c.Get(key(1)); !ok || len(got.Pieces) != 2 || got.Finish != "stop" {
		t.Errorf("got %+v", got)
	}
	if _, ok := c.Get(key(2)); ok {
		t.Error("another key has the answer")
	}
	c.Put(key(3), answer(8<<20))
	c.kept.CleanUp()
	if _, ok := c.Get(key(3)); ok {
		t.Error("an answer larger than the cache is kept")
	}
	if _, err := New(Options{Bytes: -1}); err == nil {
		t.Error("a cache without room is no error")
	}
}

// TestTTL waits for an answer to be forgotten, asked for or not.
func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, Options{Bytes: 1 << 20, TTL: time.Minute})
		c.Put(key(1), answer(100))
		for range 5 {
			time.Sleep(11 * time.Second)
			if _, ok := c.Get(key(1)); !ok {
				t.Fatal("it is forgotten too early")
			}
		}
		time.Sleep(6 * time.Second)
		if _, ok := c.Get(key(1)); ok {
			t.Error("it is kept for ever")
		}
		c.Close()
	})
}

// TestBound fills a cache ten times over, from several sides, and measures it.
func TestBound(t *testing.T) {
	const size = 8 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := open(t, Options{Bytes: size})
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := range 10 * size / 4 / 2400 {
				c.Put(key(w<<32|i), answer(2000))
				c.Get(key(w<<32 | i/2))
			}
		})
	}
	group.Wait()
	c.kept.CleanUp()
	runtime.GC()
	runtime.ReadMemStats(&after)
	heap := int(after.HeapAlloc) - int(before.HeapAlloc)
	t.Logf("%d kB of heap for a cache of %d kB", heap>>10, size>>10)
	if got := c.kept.WeightedSize(); got > size || got < size/2 {
		t.Errorf("%d bytes are kept of %d", got, size)
	}
	if heap > size*5/4 {
		t.Errorf("a cache of %d bytes has %d of heap", size, heap)
	}
	runtime.KeepAlive(c)
}

func BenchmarkGet(b *testing.B) {
	c := open(b, Options{Bytes: 1 << 20})
	c.Put(key(1), answer(2000))
	b.ReportAllocs()
	for b.Loop() {
		c.Get(key(1))
	}
}
