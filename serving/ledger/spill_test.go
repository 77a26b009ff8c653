package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tilgate/serving"
	"tilgate/serving/feedback"
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
		if _, err := s.append(line, b.hasText()); err != nil {
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
		r, err := s.read()
		if err != nil || r.torn > 0 {
			t.Fatal(err, r.torn)
		}
		for _, b := range r.list {
			if b.Seq != next {
				t.Fatalf("batch %d, want %d", b.Seq, next)
			}
			next++
		}
		fill(t, s, round*10+1, round*10+10) // meanwhile
		if err := s.advance(r); err != nil {
			t.Fatal(err)
		}
		size, text := onDisk(t, folder)
		if largest = max(largest, size); round == 49 && strings.Contains(text, "words 350 ") {
			t.Error("words are left that the database has")
		}
	}
	if largest > 3*mostDone {
		t.Errorf("the files came to %d bytes", largest)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openSpill(folder, "x", defaultSpill)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	last := int64(0)
	for _, p := range again.left {
		r, err := p.read(0, p.end)
		if err != nil || r.torn > 0 {
			t.Errorf("%d are torn: %v", r.torn, err)
		}
		for _, b := range r.list {
			if b.Seq <= last {
				t.Errorf("batch %d comes after %d", b.Seq, last)
			}
			last = b.Seq
		}
	}
	if last != 500 {
		t.Errorf("the last that is left is %d", last)
	}
}

// onDisk returns how large the files of a spill are, and what is in them.
func onDisk(t *testing.T, folder string) (size int64, text string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, spillFolder, "*"+spillEnd))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		size, text = size+int64(len(data)), text+string(data)
	}
	return size, text
}

// A disk that takes its time for a sync holds up neither what is appended
// meanwhile nor what is read.
func TestSpillOnSlowDisk(t *testing.T) {
	folder := t.TempDir()
	s, err := openSpill(folder, "w", defaultSpill)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	fill(t, s, 1, 3)
	r, err := s.read()
	if err != nil || len(r.list) != 3 {
		t.Fatal(len(r.list), err)
	}
	syncing, goOn := make(chan bool), make(chan bool)
	s.sync = func(*os.File) error {
		syncing <- true
		<-goOn
		return nil
	}
	wiped := make(chan error)
	go func() { wiped <- s.advance(r) }()
	<-syncing // the words of the three are being wiped away
	fill(t, s, 4, 6)
	if r, err := s.read(); err != nil || len(r.list) != 3 || r.list[0].Seq != 4 {
		t.Errorf("%+v %v", r.list, err)
	}
	close(goOn)
	if err := <-wiped; err != nil {
		t.Error(err)
	}
	if _, text := onDisk(t, folder); strings.Contains(text, "words 2 ") || !strings.Contains(text, "words 5 ") {
		t.Error("words are left that the database has, or others are gone")
	}
}

// What is recorded reaches the spill while the disk is busy with feedback.
func TestWriteOnSlowDisk(t *testing.T) {
	o := options(t)
	settled(t, open(t, o)) // makes the schema
	unlock := lockFile(t, open(t, o))
	defer unlock()
	l := open(t, o)
	syncing, goOn := make(chan bool, 100), make(chan bool)
	l.spill.sync = func(*os.File) error {
		syncing <- true
		<-goOn
		return nil
	}
	given := make(chan error)
	go func() { given <- l.PutFeedback(t.Context(), feedback.Feedback{ID: "f", Tenant: "moh"}) }()
	<-syncing
	l.Record(t.Context(), changed(func(x *serving.Exchange) { x.Caller.Name = "meanwhile" }))
	there := false
	for start := time.Now(); !there && time.Since(start) < 5*time.Second; time.Sleep(5 * time.Millisecond) {
		_, text := onDisk(t, o.Folder)
		there = strings.Contains(text, "meanwhile")
	}
	if !there {
		t.Error("what was recorded waits for the disk")
	}
	select {
	case err := <-given:
		t.Errorf("feedback was promised before it was on disk: %v", err)
	default:
	}
	close(goOn)
	if err := <-given; err != nil {
		t.Error(err)
	}
}
