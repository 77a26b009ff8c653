package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/internal/outbound"
)

// A process is a server that was started here, with all that it started itself.
// A shell kills the group when this program is gone, however that ended.
type process struct {
	group int
	alive io.Closer
	gone  chan struct{}
	log   string // path of what it says
}

// startProcess starts binary with arguments and nothing of this environment but
// the PATH. What it says goes to the file log.
func startProcess(log string, env []string, binary string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", `"$@" & cat >/dev/null; kill -9 -$$`, "sh", binary}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{group: cmd.Process.Pid, alive: alive, gone: make(chan struct{}), log: log}
	go func() {
		defer close(p.gone)
		_ = cmd.Wait() // killed, as it should be
	}()
	return p, nil
}

func (p *process) stop() {
	_ = syscall.Kill(-p.group, syscall.SIGKILL)
	_ = p.alive.Close()
	<-p.gone
}

// use is what the processes of a group have in memory now, in bytes, and the
// time on a processor that they have had.
type use struct {
	resident int64
	cpu      time.Duration
}

// used adds up the group, as Linux tells it.
func (p *process) used() (use, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(paths) == 0 {
		return use{}, errors.New("this system has no /proc to tell what a process uses")
	}
	var sum use
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		if group, u, ok := parseStat(string(text)); ok && group == p.group {
			sum.resident += u.resident
			sum.cpu += u.cpu
		}
	}
	return sum, nil
}

// parseStat reads what Linux says of a process: the fields of proc(5) after the
// name, which may hold anything.
func parseStat(text string) (group int, u use, ok bool) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 22 {
		return 0, u, false
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux
	group, err := strconv.Atoi(fields[2])
	user, wrong := strconv.Atoi(fields[11])
	system, bad := strconv.Atoi(fields[12])
	pages, worse := strconv.ParseInt(fields[21], 10, 64)
	if errors.Join(err, wrong, bad, worse) != nil {
		return 0, u, false
	}
	return group, use{pages * int64(os.Getpagesize()), time.Duration(user+system) * tick}, true
}

// An ollama is an Ollama server, ours or an operator's.
type ollama struct {
	*api.Client
	url    string
	proc   *process // nil if it is not ours
	models string   // folder of ours
}

// reach returns the server at an address.
func reach(address string) (*ollama, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("%q is no address such as http://127.0.0.1:11434", address)
	}
	return &ollama{Client: api.NewClient(base, client()), url: base.String()}, nil
}

// client returns an HTTP client that goes where the rest of Tilgate may go.
func client() *http.Client {
	way := outbound.Way{What: "server to measure"}
	return &http.Client{Transport: &http.Transport{DialContext: way.DialContext, MaxIdleConnsPerHost: 16}}
}

// startOllama starts one of our own in the folder dir, without a GPU.
func startOllama(ctx context.Context, dir, binary string) (*ollama, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	o, err := reach("http://" + address)
	if err != nil {
		return nil, err
	}
	o.models = filepath.Join(dir, "models")
	if err := os.MkdirAll(filepath.Join(o.models, "blobs"), 0o755); err != nil {
		return nil, err
	}
	env := []string{"HOME=" + dir, "TMPDIR=" + dir, "OLLAMA_HOST=" + address, "OLLAMA_MODELS=" + o.models,
		"OLLAMA_NUM_PARALLEL=1", "OLLAMA_KEEP_ALIVE=-1", "OLLAMA_NO_CLOUD=1", "OLLAMA_NOPRUNE=1"}
	if o.proc, err = startProcess(filepath.Join(dir, "ollama.log"), env, binary, "serve"); err != nil {
		return nil, err
	}
	if err := o.proc.wait(ctx, func() bool { return o.Heartbeat(ctx) == nil }); err != nil {
		o.proc.stop()
		return nil, fmt.Errorf("starting Ollama: %w", err)
	}
	return o, nil
}

// wait waits until ready says so, for half a minute at most.
func (p *process) wait(ctx context.Context, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for !ready() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer in 30 s; it says:\n%s", p.said())
		case <-p.gone:
			return fmt.Errorf("it ended at once; it says:\n%s", p.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// said is the end of what it said.
func (p *process) said() string {
	text, _ := os.ReadFile(p.log) // an empty log says as much as none
	return string(text[max(0, len(text)-2048):])
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// create makes a model out of the file that write writes, straight into the
// folder where Ollama keeps its files. size is that file's, in bytes.
func (o *ollama) create(ctx context.Context, name string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Join(o.models, "blobs"), "writing-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) // gone under this name if all went well
	hash := sha256.New()
	err = errors.Join(write(io.MultiWriter(f, hash)), f.Close())
	if err != nil {
		return 0, fmt.Errorf("writing the model %s: %w", name, err)
	}
	info, err := os.Stat(f.Name())
	if err != nil {
		return 0, err
	}
	digest := fmt.Sprintf("%x", hash.Sum(nil))
	if err := os.Rename(f.Name(), filepath.Join(o.models, "blobs", "sha256-"+digest)); err != nil {
		return 0, err
	}
	req := &api.CreateRequest{Model: name, Files: map[string]string{"model.gguf": "sha256:" + digest}, Template: "{{ .Prompt }}"}
	if err := o.Create(ctx, req, func(api.ProgressResponse) error { return nil }); err != nil {
		return 0, fmt.Errorf("creating the model %s: %w", name, err)
	}
	return info.Size(), nil
}
