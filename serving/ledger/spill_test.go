package ledger

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// fill appends batches of about 10 kB each until the file has so many.
func fill(t *testing.T, s *spill, from, to int64) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		b := batch{Writer: "w", Seq: seq, Questions: []questionRow{{Text: fmt.Sprint("words ", seq, strings.Repeat(" word", 2000))}}}
		line, err := b.line()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.append(line, false, b.hasText()); err != nil {
			t.Fatal(err)
		}
	}
}

// Under load something has always been added when the database has what was
// there. The file stays small all the same, and nothing of it is read twice or
// not at all.
func TestSpillUnderLoad(t *testing.T) {
	folder := t.TempDir()
	s, err := openSpill(folder, "w", defaultSpill)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 1, 10)
	next, largest := int64(1), int64(0)
	for round := int64(1); round < 50; round++ {
		list, _, end, torn, err := s.read()
		if err != nil || torn > 0 {
			t.Fatal(err, torn)
		}
		for _, b := range list {
			if b.Seq != next {
				t.Fatalf("batch %d, want %d", b.Seq, next)
			}
			next++
		}
		fill(t, s, round*10+1, round*10+10) // meanwhile
		if err := s.advance(end); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(s.path)
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	if largest > 2*mostDone {
		t.Errorf("the file came to %d bytes", largest)
	}
	data, err := os.ReadFile(s.path)
	if err != nil || strings.Contains(string(data), "words 400 ") {
		t.Errorf("words are left that the database has: %v", err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openSpill(folder, "x", defaultSpill)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	list, _, _, torn, err := again.left[0].read()
	if err != nil || torn > 0 || len(list) == 0 || list[len(list)-1].Seq != 500 {
		t.Errorf("%d batches are left, %d torn: %v", len(list), torn, err)
	}
}
