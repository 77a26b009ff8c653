package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
)

// onServer has a place keep its passages on a server. It listens on TCP, and
// speaks Qdrant's protocol.
func onServer(t testing.TB) keptPlace {
	t.Helper()
	e, _ := enginetest.Open(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = e.Serve(ln) }()
	p := newKeptPlace(t)
	writeFile(t, p.config, fmt.Sprintf("data = %q\n[ollama]\nurl = \"\"\n[qdrant]\naddress = %q\n", p.data, ln.Addr()))
	return p
}

// documents counts those of a knowledge base that are searched.
func (p keptPlace) documents(t testing.TB) int {
	t.Helper()
	store, closeStore, err := openStore(t.Context(), p.read(t), quietLog())
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore()
	stored, err := store.For(rag.DefaultTenant).Stored(t.Context(), "streets")
	if err != nil {
		t.Fatal(err)
	}
	return len(stored)
}

// TestBackupServer: what was in the data folder comes to a server, and back.
func TestBackupServer(t *testing.T) {
	t.Parallel()
	box, cluster := newKeptPlace(t), onServer(t)
	box.ingest(t, 0, 12)
	box.says(t, "айгүл", "Рахмат")
	path := box.backup(t)
	out := cluster.well(t, "restore", path)
	if n := cluster.documents(t); n != 12 || !strings.Contains(out, "asked 12 of its own sentences, 12 answered") {
		t.Errorf("%d documents; %s", n, out)
	}
	cluster.ingest(t, 12, 20)
	more := cluster.backup(t)
	cluster.ingest(t, 20, 21)
	cluster.well(t, "restore", "--force", more)
	if n := cluster.documents(t); n != 20 {
		t.Errorf("%d documents, want the 20 of the backup", n)
	}
	cluster.well(t, "restore", "--force", "--dry-run", "--signed-by", keyOf(t, path), path)
	if n := cluster.documents(t); n != 20 {
		t.Errorf("%d documents after a trial", n)
	}
	box.well(t, "restore", "--force", "--signed-by", keyOf(t, more), "--only", "knowledge", more)
	if n := box.documents(t); n != 20 || len(box.heard(t)) != 1 {
		t.Errorf("%d documents, heard are %v", n, box.heard(t))
	}
}

func keyOf(t testing.TB, path string) string {
	t.Helper()
	b, closeFile, err := unlockFlags{}.open(path, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFile()
	return b.Key.String()
}

// TestRestoreServerCutOff: what was decided is shown at the next start, once the
// server answers.
func TestRestoreServerCutOff(t *testing.T) {
	t.Parallel()
	p := onServer(t)
	p.ingest(t, 0, 9)
	path := p.backup(t)
	p.ingest(t, 9, 11)
	b, closeFile, err := unlockFlags{}.open(path, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFile()
	r := &restoring{p: &program{getenv: noEnv, err: t.Output()}, c: p.read(t), flags: restoreFlags{force: true}, from: b}
	if err := r.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.closeAll()
	if err := r.journal.write(r.c); err != nil { // and then it is killed
		t.Fatal(err)
	}
	away := r.c
	away.Qdrant.Address = "127.0.0.1:1"
	if _, err := away.endRestore(t.Context()); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("while the server is away: %v", err)
	}
	p.fails(t, "was cut off", "kb", "list")
	_, leave, err := enterPlace(t.Context(), p.config, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if n := p.documents(t); n != 9 || exists(filepath.Join(p.data, restoreJournal)) {
		t.Errorf("%d documents, want the 9 of the backup", n)
	}
	unlock, err := r.c.lockPlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.fails(t, "is in use", "restore", "--force", path)
	if _, _, err := enterPlace(t.Context(), p.config, noEnv); err == nil || !strings.Contains(err.Error(), "just being restored") {
		t.Errorf("a service that starts meanwhile: %v", err)
	}
	unlock()
	_, leave, err = enterPlace(t.Context(), p.config, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	p.fails(t, "is in use", "restore", "--force", path)
	leave()
	if err := errors.Join(r.c.removeStages()); err != nil {
		t.Error(err)
	}
}
