package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tilgate/internal/lang"
	"tilgate/rag/sample"
)

// A demo is Tilgate, serving its sample in a process of its own.
type demo struct {
	proc *process
	base string
	key  string
	http *http.Client
}

// buildTilgate builds the binary in the folder dir.
func buildTilgate(ctx context.Context, dir string) (path string, err error) {
	path = filepath.Join(dir, "tilgate")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "tilgate/cmd/tilgate").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building tilgate: %w\n%s", err, out)
	}
	return path, nil
}

// startDemo starts Tilgate's demo in the folder dir, on so many cores.
func startDemo(ctx context.Context, dir, binary string, cores int, args ...string) (*demo, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	d := &demo{base: "http://" + address, http: client()}
	args = append([]string{"demo", "--data", filepath.Join(dir, "data"), "--listen", address}, args...)
	if d.proc, err = startProcess(filepath.Join(dir, "demo.log"), []string{"HOME=" + dir, "GOMAXPROCS=" + strconv.Itoa(cores)}, binary, args...); err != nil {
		return nil, err
	}
	ready := func() bool { return strings.Contains(d.proc.said(), "Ctrl-C stops it.") }
	if err := d.proc.wait(ctx, ready); err != nil {
		d.proc.stop()
		return nil, fmt.Errorf("starting the demo: %w", err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "data", "demo.key"))
	if err != nil {
		d.proc.stop()
		return nil, err
	}
	d.key = strings.TrimSpace(string(key))
	return d, nil
}

// ask asks one question. The status is part of the answer.
func (d *demo) ask(ctx context.Context, question string, tag lang.Tag) (status int, err error) {
	body, err := json.Marshal(map[string]any{"model": "auto", "messages": []map[string]string{{"role": "user", "content": question}},
		"tilgate": map[string]any{"language": tag}})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", d.base+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+d.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// A rate is how fast Tilgate answers by quoting, without a model.
type rate struct {
	cores    int
	second   float64       // answers in a second
	p50, p99 time.Duration // of an answer
	cpu      time.Duration // of a core, for an answer
	resident int64         // bytes, afterwards
}

const quotingClients = 8

// measureQuoting asks the sample's questions, in all its languages, by some
// clients at once for so long.
func measureQuoting(ctx context.Context, dir, binary string, cores int, length time.Duration) (rate, error) {
	d, err := startDemo(ctx, dir, binary, cores, "--no-model")
	if err != nil {
		return rate{}, err
	}
	defer d.proc.stop()
	qs, err := allQuestions()
	if err != nil {
		return rate{}, err
	}
	if _, _, err := d.askAll(ctx, qs, length/5); err != nil { // it has warmed up
		return rate{}, err
	}
	before, err := d.proc.used()
	if err != nil {
		return rate{}, err
	}
	times, took, err := d.askAll(ctx, qs, length)
	if err != nil {
		return rate{}, err
	}
	after, err := d.proc.used()
	if err != nil {
		return rate{}, err
	}
	slices.Sort(times)
	n := len(times)
	return rate{cores: cores, second: float64(n) / took.Seconds(), p50: median(times), p99: times[n*99/100],
		cpu: (after.cpu - before.cpu) / time.Duration(n), resident: after.resident}, nil
}

func allQuestions() ([]sample.Question, error) {
	tags, err := sample.Langs()
	if err != nil {
		return nil, err
	}
	var all []sample.Question
	for _, tag := range tags {
		qs, err := sample.Questions(tag)
		if err != nil {
			return nil, err
		}
		all = append(all, qs...)
	}
	return all, nil
}

// askAll asks qs again and again, until the time is over.
func (d *demo) askAll(ctx context.Context, qs []sample.Question, length time.Duration) (times []time.Duration, took time.Duration, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	begin := time.Now()
	for client := range quotingClients {
		group.Go(func() {
			for i := client; time.Since(begin) < length; i += quotingClients {
				start := time.Now()
				q := qs[i%len(qs)]
				status, wrong := d.ask(ctx, q.Text, q.Lang)
				if wrong == nil && status != http.StatusOK {
					wrong = fmt.Errorf("%s: status %d", q.ID, status)
				}
				mu.Lock()
				times, err = append(times, time.Since(start)), firstError(err, wrong)
				mu.Unlock()
				if wrong != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return times, time.Since(begin), err
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
