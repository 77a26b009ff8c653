package engine

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
)

// filesWith lists the files in a folder that hold some bytes.
func filesWith(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func remove(t *testing.T, client *pb.Client, ids ...*pb.PointId) {
	t.Helper()
	_, err := client.Delete(t.Context(), &pb.DeletePoints{CollectionName: "kb", Wait: pb.PtrOf(true), Points: pb.NewPointsSelectorIDs(ids)})
	if err != nil {
		t.Fatal(err)
	}
}

// TestScrub: what was deleted can be read in the files until they are
// scrubbed, and then no more, while others search and write.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	e, client := openWith(t, dir, Options{sizes: mergeSizes{fanIn: 4, flushDocs: 16, heapDocs: 64, fileDocs: 64}})
	lexicon(t, client, "kb")
	for i := range uint64(300) {
		word := fmt.Sprintf("сөз-%d", i)
		if i%3 == 0 {
			word = fmt.Sprintf("Асан уулу Үсөн %d", i)
		}
		put(t, client, "kb", lexPoint(i+1, word, uint32(i%7), 99))
	}
	for i := range uint64(100) {
		remove(t, client, pb.NewIDNum(3*i+1))
	}
	if len(filesWith(t, dir, "Асан уулу")) == 0 {
		t.Fatal("deleting leaves no bytes; this test shows nothing")
	}
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	others.Go(func() {
		for ctx.Err() == nil {
			if got := find(t, client, "kb", 99); len(got) == 0 {
				t.Error("nothing is found while the files are scrubbed")
			}
		}
	})
	others.Go(func() {
		for i := uint64(1000); ctx.Err() == nil; i++ {
			put(t, client, "kb", lexPoint(i, "жаңы", 99))
		}
	})
	for range 3 {
		if err := e.Scrub(); err != nil {
			t.Error(err)
		}
	}
	stop()
	others.Wait()
	if left := filesWith(t, dir, "Асан уулу"); len(left) > 0 {
		t.Errorf("scrubbed, the files %q still hold what was deleted", left)
	}
	check := func(client *pb.Client, when string) {
		n, err := client.Count(t.Context(), &pb.CountPoints{CollectionName: "kb", Exact: pb.PtrOf(true)})
		if err != nil || n < 200 {
			t.Errorf("%s: %d points, %v", when, n, err)
		}
		for i := range uint64(300) {
			points, err := client.Get(t.Context(), &pb.GetPoints{CollectionName: "kb", Ids: []*pb.PointId{pb.NewIDNum(i + 1)}, WithPayload: pb.NewWithPayload(true)})
			if want := i%3 != 0; err != nil || (len(points) == 1) != want {
				t.Fatalf("%s: point %d: %d found, %v", when, i+1, len(points), err)
			}
		}
	}
	check(client, "scrubbed")
	_, client = reopen(t, e)
	check(client, "opened again")
}

// TestScrubBroken: where there is no room for the new file, the old one stays
// in use.
func TestScrubBroken(t *testing.T) {
	dir := t.TempDir()
	e, client := open(t, dir)
	lexicon(t, client, "kb")
	put(t, client, "kb", lexPoint(1, "сөз", 5), lexPoint(2, "сүйлөм", 5))
	remove(t, client, pb.NewIDNum(1))
	found, err := filepath.Glob(filepath.Join(dir, "collections", "*", pointsFile))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.MkdirAll(filepath.Join(found[0]+".scrub", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := e.Scrub(); err == nil {
		t.Error("there was no file to write to, and no error")
	}
	if got := find(t, client, "kb", 5); len(got) != 1 {
		t.Errorf("%d points are found", len(got))
	}
	put(t, client, "kb", lexPoint(3, "дагы", 5))
	if err := os.RemoveAll(found[0] + ".scrub"); err != nil {
		t.Fatal(err)
	}
	if err := e.Scrub(); err != nil {
		t.Error(err)
	}
	if got := find(t, client, "kb", 5); len(got) != 2 {
		t.Errorf("%d points are found", len(got))
	}
}
