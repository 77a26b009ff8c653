package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
)

// filled makes a data folder with segments in files and returns it closed.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	e, err := Open(dir, crashOptions)
	if err != nil {
		t.Fatal(err)
	}
	client, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	lexicon3(t, client)
	r := rand.New(rand.NewPCG(5, 5))
	for range 40 {
		if err := randomDeed(r).do(client); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "collections", "*", pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return found
}

// look opens the folder and reads everything; it must not panic.
func look(dir string) error {
	e, err := Open(dir, crashOptions)
	if err != nil {
		return err
	}
	defer e.Close()
	client, err := e.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx := context.Background()
	_, err = client.Scroll(ctx, &pb.ScrollPoints{CollectionName: "kb", Limit: pb.PtrOf(uint32(1000)), WithVectors: pb.NewWithVectors(true)})
	if err == nil {
		_, err = client.Query(ctx, &pb.QueryPoints{CollectionName: "kb", Using: pb.PtrOf("lex"), Query: pb.NewQuerySparse([]uint32{1, 2, 3}, []float32{1, 1, 1})})
	}
	if err == nil {
		err = randomDeed(rand.New(rand.NewPCG(1, 1))).do(client)
	}
	return err
}

func TestDamagedSegment(t *testing.T) {
	dir := filled(t)
	path := files(t, dir, "*"+segmentSuffix)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what string
		data []byte
	}{
		{"empty", nil},
		{"cut in the header", whole[:20]},
		{"cut in the middle", whole[:len(whole)/2]},
		{"too long", append(slices.Clone(whole), 0)},
		{"a bit flipped", flipped(whole, len(whole)-9)},
		{"a slot changed", flipped(whole, segmentHeader)},
		{"another file", []byte(strings.Repeat("Саламатсызбы", 100))},
	} {
		if err := os.WriteFile(path, tt.data, 0o644); err != nil {
			t.Fatal(err)
		}
		err := look(dir)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "remove this file and start again") {
			t.Errorf("%s: %v, want an error that names the file and says what to do", tt.what, err)
		}
	}
	if err := os.Remove(path); err != nil { // what the error says to do
		t.Fatal(err)
	}
	if err := look(dir); err != nil {
		t.Errorf("after removing the file: %v", err)
	}
	if now := files(t, dir, "*"+segmentSuffix); slices.Contains(now, path) {
		t.Errorf("the lost segment came back under its old name: %v", now)
	}
}

func flipped(data []byte, at int) []byte {
	out := slices.Clone(data)
	out[at] ^= 0x10
	return out
}

// TestDamagedDatabase cuts and flips points.db everywhere. Whatever is found
// is told as an error; what is not found must not crash anything.
func TestDamagedDatabase(t *testing.T) {
	dir := filled(t)
	path := files(t, dir, "points.db")[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	saved := t.TempDir()
	if err := os.CopyFS(saved+"/data", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) error {
		t.Helper()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(dir, os.DirFS(saved+"/data")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return look(dir)
	}
	for _, n := range []int{1, 100, pageSize, 3 * pageSize, 5*pageSize + 17} {
		err := try("cut", whole[:n])
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("cut at %d: %v, want an error that names %s", n, err, path)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := look(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("removed: %v, want an error that names %s, not an empty collection", err, path)
	}
	r := rand.New(rand.NewPCG(2, 2))
	found := 0
	const flips = 25
	for range flips {
		at := r.IntN(len(whole))
		if err := try("flip", flipped(whole, at)); err != nil {
			found++
			if !strings.Contains(err.Error(), dir) {
				t.Errorf("flip at %d: %v, want an error that names the file", at, err)
			}
		}
	}
	t.Logf("%d of %d flips found", found, flips)
}

func TestNewerFormat(t *testing.T) {
	dir := filled(t)
	for _, path := range []string{files(t, dir, "points.db")[0], filepath.Join(dir, "catalog.db")} {
		setFormat(t, path, formatVersion+1)
		err := look(dir)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "format version 2") {
			t.Errorf("%s of a newer version: %v", path, err)
		}
		setFormat(t, path, formatVersion)
	}
	if err := look(dir); err != nil {
		t.Error(err)
	}
}

func setFormat(t *testing.T, path string, version uint32) {
	t.Helper()
	db, err := bolt.Open(path, 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, binary.BigEndian.AppendUint32(nil, version))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLockedByProcess: the message names the process that has the folder.
func TestLockedByProcess(t *testing.T) {
	dir := filled(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), "ENGINE_CRASH_DIR="+dir, "ENGINE_CRASH_SEED=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the other process says %q", lines.Text())
	}
	_, err = Open(dir, Options{})
	if want := fmt.Sprintf("process %d", cmd.Process.Pid); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open = %v, want %s and %q in it", err, dir, want)
	}
}
