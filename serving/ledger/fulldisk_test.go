package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tilgate/serving"
	"tilgate/serving/feedback"
)

// fullDisk is what the child does that fills its disk: a limit on how large its
// files may be stands for that, as no rights are needed for it.
const fullDisk = "full-disk"

// A logged keeps the messages of a log.
type logged struct {
	slog.Handler
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(r.Message + "\n")
	return nil
}

func limitFiles(bytes uint64) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
		return err
	}
	l.Cur = min(bytes, l.Max)
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &l)
}

// fillDisk records before, while and after the disk is full, and says what it
// found.
func fillDisk() error {
	signal.Ignore(syscall.SIGXFSZ)
	log := &logged{Handler: slog.DiscardHandler}
	l, err := Open(context.Background(), Options{Folder: os.Getenv("LEDGER_FOLDER"), Log: slog.New(log)})
	if err != nil {
		return err
	}
	recorded, slowest := int64(0), time.Duration(0)
	record := func(n int) {
		for i := range n {
			start := time.Now()
			l.Record(context.Background(), changed(func(x *serving.Exchange) { x.Caller.Name = fmt.Sprint("key ", i) }))
			slowest = max(slowest, time.Since(start))
			recorded++
			time.Sleep(2 * time.Millisecond)
		}
	}
	settle := func() error {
		err := l.settle(context.Background())
		for end := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(end); err = l.settle(context.Background()) {
			time.Sleep(50 * time.Millisecond)
		}
		return err
	}
	record(50)
	if err := settle(); err != nil {
		return err
	}
	if err := limitFiles(2000); err != nil {
		return err
	}
	record(400)
	gave := l.PutFeedback(context.Background(), feedback.Feedback{ID: "f", Tenant: "moh", Time: noon, Comment: strings.Repeat("x", 3000)})
	if err := limitFiles(unix.RLIM_INFINITY); err != nil {
		return err
	}
	record(50)
	if err := settle(); err != nil {
		return err
	}
	usage, err := l.Usage(context.Background(), UsageQuery{})
	if err != nil {
		return err
	}
	var there int64
	for _, u := range usage {
		there += u.Requests
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	fmt.Printf("recorded %d there %d lost %d spilled %t slow %t refused %t said %t\n", recorded, there, l.Dropped()-lostFeedback(gave), l.Spilled() > 0,
		slowest > 500*time.Millisecond, gave != nil, strings.Contains(log.text.String(), "the ledger cannot keep what is recorded") && strings.Contains(log.text.String(), "does not answer"))
	return l.Close()
}

// lostFeedback is how many of the lost rows are the feedback that was refused.
func lostFeedback(err error) int64 {
	if err == nil {
		return 0
	}
	return 1
}

// TestFullDisk: while the disk is full, chat goes on, feedback is refused, and
// what is counted waits in memory, which is said.
func TestFullDisk(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+fullDisk, "LEDGER_FOLDER="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var recorded, there, lost int64
	var spilled, slow, refused, said bool
	if _, err := fmt.Sscanf(string(out), "recorded %d there %d lost %d spilled %t slow %t refused %t said %t", &recorded, &there, &lost, &spilled, &slow, &refused, &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("of %d recorded, %d are there and %d lost", recorded, there, lost)
	if recorded != 500 || there != recorded || lost != 0 || slow || !refused || !said {
		t.Errorf("%s", out)
	}
}
