package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
)

// Another process may read what is stored while it is written, and nothing
// else; also in a folder whose name is long.
func TestShare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("узун", 20), strings.Repeat("y", 100))
	if _, err := Dial(t.Context(), dir); !errors.Is(err, ErrNotShared) {
		t.Errorf("nobody is there: %v", err)
	}
	for range 2 { // and again, after a door that was left open
		e, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Share(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, socketName)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the door is %v, %v", info, err)
		}
		c, err := Dial(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ListCollections(t.Context()); err != nil {
			t.Error(err)
		}
		for what, err := range map[string]error{
			"making":  c.CreateCollection(t.Context(), &pb.CreateCollection{CollectionName: "a"}),
			"removal": c.DeleteCollection(t.Context(), "a"),
		} {
			if err == nil || !strings.Contains(err.Error(), "may only read") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := c.Upsert(t.Context(), &pb.UpsertPoints{CollectionName: "a"}); err == nil || !strings.Contains(err.Error(), "may only read") {
			t.Errorf("writing: %v", err)
		}
		if err := errors.Join(c.Close(), e.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, socketName)); err == nil {
			t.Error("the door is still there")
		}
		if err := os.WriteFile(filepath.Join(dir, socketName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Dial(t.Context(), dir); !errors.Is(err, ErrNotShared) {
		t.Errorf("nobody is behind the door: %v", err)
	}
}
