package ledger

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tilgate/serving"
	"tilgate/serving/feedback"
)

// childVariable makes this program one that records until it is killed. It
// holds what each name begins with.
const childVariable = "TILGATE_LEDGER_TEST_CHILD"

// child records and says what it was promised to keep, a name a line.
func child() {
	own := os.Getenv(childVariable)
	if own == fullDisk {
		if err := fillDisk(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	durable := strings.HasPrefix(own, "durable")
	l, err := Open(context.Background(), Options{Folder: os.Getenv("LEDGER_FOLDER"), Address: os.Getenv("LEDGER_ADDRESS"), Durable: durable, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var mu sync.Mutex
	say := func(what, name string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(what, name)
	}
	for worker := range 3 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%s-%d-%d", own, worker, i)
				if worker == 2 {
					if l.PutFeedback(context.Background(), feedback.Feedback{ID: name, Tenant: "moh", Time: noon}) == nil {
						say("feedback", name)
					}
					continue
				}
				if l.Keep(changed(func(x *serving.Exchange) { x.Caller.Name = name })) == nil {
					say("usage", name)
				}
				if !durable {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	select {}
}

// A promise is what a child said, and when it was heard.
type promise struct {
	what, name string
	at         time.Time
}

// runChild runs a child for a while, kills it, and returns what it said.
func runChild(t *testing.T, o Options, own string, after time.Duration) (said []promise, killed time.Time) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+own, "LEDGER_FOLDER="+o.Folder, "LEDGER_ADDRESS="+o.Address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return
	}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		what, name, _ := strings.Cut(lines.Text(), " ")
		if what == "error" {
			t.Error(lines.Text())
			break
		}
		if said = append(said, promise{what, name, time.Now()}); len(said) == 1 {
			time.AfterFunc(after, func() {
				killed = time.Now()
				_ = cmd.Process.Kill()
			})
		}
	}
	_ = cmd.Wait()
	return said, killed
}

// TestKilled kills processes, two at once on one database, at any moment. What
// they were promised is there, once; of usage that nobody waited for, what was
// recorded longer ago than the ledger keeps it in memory.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	onBoth(t, func(t *testing.T, o Options) {
		var mu sync.Mutex
		var want []promise
		var worst time.Duration
		maybe := map[string]time.Duration{} // before the kill
		for round := range 4 {
			var wg sync.WaitGroup
			for _, kind := range []string{"durable", "quick"} {
				wg.Go(func() {
					said, killed := runChild(t, o, fmt.Sprintf("%s-%d", kind, round), time.Duration(rand.IntN(400))*time.Millisecond)
					mu.Lock()
					defer mu.Unlock()
					for _, p := range said {
						if kind == "durable" || p.what == "feedback" {
							want = append(want, p)
						} else {
							maybe[p.name] = killed.Sub(p.at)
						}
					}
				})
			}
			wg.Wait()
		}
		l := open(t, o)
		settled(t, l)
		usage := requests(t, l.Reader)
		list, err := l.ListFeedback(t.Context(), feedback.Query{})
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string]bool{}
		for _, f := range list {
			kept[f.ID] = true
		}
		missing := 0
		for _, p := range want {
			if p.what == "usage" && usage[p.name] != 1 || p.what == "feedback" && !kept[p.name] {
				missing++
			}
		}
		for name, n := range usage {
			if n != 1 {
				t.Errorf("%s is there %d times", name, n)
			}
		}
		for name, age := range maybe {
			if usage[name] == 0 {
				worst = max(worst, age)
			}
		}
		t.Logf("%d promises, %d of them missing; %d more, of which the oldest lost was %v old", len(want), missing, len(maybe), worst)
		if missing > 0 || len(want) == 0 || worst > time.Second { // 100 ms, on a machine that has them to spare
			t.Errorf("missing %d of %d, lost up to %v", missing, len(want), worst)
		}
	})
}
