package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// streams holds n streams open for a while, all through Tilgate, and tells how
// many came to their end and what memory that took.
func (b *bench) streams(n int, length time.Duration) error {
	const gap = time.Second
	chunks := int(length / gap)
	if err := b.startMock("-chunks", strconv.Itoa(chunks), "-gap", gap.String()); err != nil {
		return err
	}
	if err := b.startTilgate(); err != nil {
		return err
	}
	s := b.servers[len(b.servers)-1]
	body, err := os.ReadFile(filepath.Join(b.tools, "body-stream.json"))
	if err != nil {
		return err
	}
	before := rssOf(s.cmd.Process.Pid)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, MaxConnsPerHost: 0}}
	var whole, broken, open atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			open.Add(1)
			defer open.Add(-1)
			if err := readStream(client, s, body); err != nil {
				if broken.Add(1) < 4 {
					fmt.Fprintln(os.Stderr, "a stream:", err)
				}
				return
			}
			whole.Add(1)
		})
		time.Sleep(time.Millisecond)
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var rss []int
	cpu := cpuOf(s.cmd.Process.Pid)
	from := time.Now()
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-tick.C:
			if open.Load() == int64(n) {
				rss = append(rss, rssOf(s.cmd.Process.Pid))
			}
			continue
		case <-done:
		}
		break
	}
	if len(rss) == 0 {
		return fmt.Errorf("%d streams were never open together: %d broke", n, broken.Load())
	}
	spent := cpuOf(s.cmd.Process.Pid) - cpu
	third := max(1, len(rss)/3)
	fmt.Printf("%d streams of %d events, one a second: %d whole, %d broken\n", n, chunks, whole.Load(), broken.Load())
	fmt.Printf("memory (RSS): %d MB before; %d to %d MB while all were open; %d MB in the first third of that time, %d MB in the last\n",
		before, slices.Min(rss), slices.Max(rss), mean(rss[:third]), mean(rss[len(rss)-third:]))
	fmt.Printf("processor: %.0f %% of one core\n", 100*spent.Seconds()/time.Since(from).Seconds())
	return nil
}

func mean(list []int) int {
	sum := 0
	for _, n := range list {
		sum += n
	}
	return sum / len(list)
}

func readStream(client *http.Client, s *server, body []byte) error {
	req, err := http.NewRequestWithContext(context.Background(), "POST", s.url(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	last := ""
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if last != "data: [DONE]" {
		return fmt.Errorf("it ends with %.100q (%v)", last, lines.Err())
	}
	return nil
}

// rssOf is the memory that a process has, in MB.
func rssOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	kb, _ := strconv.Atoi(strings.Fields(find(string(text), `VmRSS:\s+(\d+ )`))[0])
	return kb >> 10
}
