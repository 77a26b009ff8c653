package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// overload asks for more than the model server can do: slots requests of
// answer each at once. It tells what is answered at its capacity and at ten
// times that, and how soon the others are told.
func (b *bench) overload() error {
	const slots, answer = 8, 200 * time.Millisecond
	if err := b.startMock("-delay", answer.String()); err != nil {
		return err
	}
	if err := b.startTilgateWith(fmt.Sprintf("[[backend]]\nname = \"mock\"\nkind = \"vllm\"\nurl = \"http://127.0.0.1:%d\"\nslots = %d\ndepth = %d\nmax_wait = \"1s\"\n", mockPort, slots, 4*slots)); err != nil {
		return err
	}
	s := b.servers[len(b.servers)-1]
	body, err := os.ReadFile(filepath.Join(b.tools, "body.json"))
	if err != nil {
		return err
	}
	capacity := float64(slots) / answer.Seconds()
	fmt.Printf("a model server that does %.0f requests/s, %d at once\n", capacity, slots)
	fmt.Printf("%12s %12s %12s %14s %14s %10s\n", "offered/s", "answered/s", "refused/s", "refused p50", "refused p99", "RSS")
	var peak float64
	for _, times := range []float64{.9, 1, 2, 10} {
		o := offer(s, body, times*capacity, 8*time.Second)
		fmt.Printf("%12.0f %12.1f %12.1f %14v %14v %7d MB\n", times*capacity, o.answered, o.refused, o.at(.5).Round(10*time.Microsecond), o.at(.99).Round(10*time.Microsecond), rssOf(s.cmd.Process.Pid))
		peak = max(peak, o.answered)
		if times == 10 {
			fmt.Printf("\nat ten times its capacity: %.0f %% of the most that was answered; anything but 200, 429 and 503: %d\n", 100*o.answered/peak, o.strange)
		}
	}
	return nil
}

type offered struct {
	answered, refused float64 // a second
	waits             []time.Duration
	strange           int64
}

// at is a quantile of how long callers waited to be refused.
func (o offered) at(share float64) time.Duration {
	if len(o.waits) == 0 {
		return 0
	}
	return o.waits[int(share*float64(len(o.waits)-1))]
}

// offer sends so many requests a second, whatever comes of them.
func offer(s *server, body []byte, perSecond float64, length time.Duration) offered {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: 30 * time.Second}
	var good, strange atomic.Int64
	var mu sync.Mutex
	var o offered
	var wg sync.WaitGroup
	from := time.Now()
	for i := range int(perSecond * length.Seconds()) {
		time.Sleep(time.Until(from.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))))
		wg.Go(func() {
			asked := time.Now()
			switch status := ask(client, s, body); status {
			case 200:
				good.Add(1)
			case 429, 503:
				mu.Lock()
				o.waits = append(o.waits, time.Since(asked))
				mu.Unlock()
			default:
				strange.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(from).Seconds()
	slices.Sort(o.waits)
	o.answered, o.refused, o.strange = float64(good.Load())/took, float64(len(o.waits))/took, strange.Load()
	return o
}
