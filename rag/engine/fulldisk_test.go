//go:build linux

package engine

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestFullDisk runs TestFullDiskWriter in a process of its own, whose files
// may not grow.
func TestFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDiskWriter$", "-test.v")
	cmd.Env = append(os.Environ(), "ENGINE_FULL_DIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestFullDiskWriter") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestFullDiskWriter writes until the disk is full, again and again with a
// little more room: an error must say so, nothing of the request may be
// there, and reading and later writing must work.
func TestFullDiskWriter(t *testing.T) {
	dir := os.Getenv("ENGINE_FULL_DIR")
	if dir == "" {
		t.Skip("only as a process of TestFullDisk")
	}
	signal.Ignore(syscall.SIGXFSZ) // writes fail with EFBIG instead
	e, client := openForCrash(t, dir)
	lexicon3(t, client)
	model := memory{}
	r := rand.New(rand.NewPCG(8, 8))
	failures, next := 0, uint64(0)
	for room := uint64(1 << 20); room <= 2<<20; room += 500_000 {
		limit(t, room)
		for range 100 {
			d := deed{Seed: r.Uint64()}
			for range 60 { // new ones, so that the files must grow
				next++
				d.Upsert = append(d.Upsert, next)
			}
			err := d.do(client)
			if err == nil {
				model = d.apply(model)
				continue
			}
			failures++
			if s, _ := status.FromError(unwrapClient(err)); s.Code() != codes.Internal || !strings.Contains(s.Message(), "No space left on device") {
				t.Fatalf("on a full disk: %v", err)
			}
			break
		}
		checkModel(t, client, model, map[uint32]float32{3: 1, 50: 2})
	}
	limit(t, 1<<40)
	d := deed{Seed: 1, Upsert: []uint64{1, 2, 3}}
	if err := d.do(client); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	model = d.apply(model)
	client.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e, client = openForCrash(t, dir)
	defer e.Close()
	defer client.Close()
	checkModel(t, client, model, map[uint32]float32{3: 1, 50: 2})
	if failures == 0 {
		t.Error("the disk was never full")
	}
	t.Logf("%d failures, %d points", failures, len(model))
}

func limit(t *testing.T, size uint64) {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	l.Cur = min(size, l.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
}

func unwrapClient(err error) error {
	if u, ok := err.(*pb.QdrantError); ok {
		return u.Unwrap()
	}
	return err
}
