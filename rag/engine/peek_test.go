package engine

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// A folder is looked into while a process has it open, and is left as it was.
func TestPeek(t *testing.T) {
	dir := t.TempDir()
	if list, err := Peek(dir); len(list) != 0 || err != nil {
		t.Errorf("an empty folder: %v, %v", list, err)
	}
	e, client := open(t, dir)
	lexicon(t, client, "health@1")
	if err := client.CreateAlias(context.Background(), "health", "health@1"); err != nil {
		t.Fatal(err)
	}
	list, err := Peek(dir)
	if err != nil || len(list) != 1 || list[0].Collection != "health@1" || !slices.Equal(list[0].Aliases, []string{"health"}) || list[0].Vectors["mean"] != 4 {
		t.Errorf("%+v, %v", list, err)
	}
	put(t, client, "health@1", lexPoint(1, "суу", 1)) // it is still there to be written
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPeekFaults(t *testing.T) {
	dir := t.TempDir()
	e, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "catalog.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, binary.BigEndian.AppendUint32(nil, 99))
	})
	if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	if _, err := Peek(dir); err == nil || !strings.Contains(err.Error(), "use the release that wrote it") || !strings.Contains(err.Error(), path) {
		t.Errorf("a newer format: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("garbage", int(info.Size())/7)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Peek(dir); err == nil || !strings.Contains(err.Error(), "restore the data folder") {
		t.Errorf("garbage: %v", err)
	}
}
