package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// A claim says which machine serves from a data folder that others have too,
// over NFS say. There locks may not reach them. So who serves writes the claim
// anew every few seconds, and who comes looks whether it changes: no clocks are
// compared, and one that was left behind does not count.
type claim struct {
	Host   string `json:"host"`
	Kernel string `json:"kernel"` // id of the running kernel: where it is the same, locks reach
	PID    int    `json:"pid"`
	Beat   int64  `json:"beat"`
}

func (c claim) String() string { return fmt.Sprintf("process %d on the machine %s", c.PID, c.Host) }

// How often a claim is written, and how long one is watched.
const (
	beatEvery = 5 * time.Second
	watchFor  = 12 * time.Second
)

func claimPath(data string) string { return filepath.Join(data, "serving.json") }

func ownClaim() claim {
	host, _ := os.Hostname()
	kernel, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return claim{Host: host, Kernel: strings.TrimSpace(string(kernel)), PID: os.Getpid()}
}

func readClaim(data string) (c claim, ok bool) {
	text, err := os.ReadFile(claimPath(data))
	return c, err == nil && json.Unmarshal(text, &c) == nil
}

// write writes the claim; it is there whole or not at all.
func (c claim) write(data string) error {
	_, err := wholefile.Write(claimPath(data), func(w io.Writer) error { return json.NewEncoder(w).Encode(c) })
	return err
}

// otherMachine returns which other machine serves from a data folder; empty if
// none does. It takes so long only if one did.
func otherMachine(ctx context.Context, data string, long time.Duration) string {
	c, alive := ownClaim().watch(ctx, data, long)
	if !alive {
		return ""
	}
	return c.String()
}

// watch returns the claim of another machine, and whether it is alive.
func (own claim) watch(ctx context.Context, data string, long time.Duration) (c claim, alive bool) {
	c, ok := readClaim(data)
	if !ok || c.Kernel == own.Kernel {
		return c, false
	}
	for end := time.Now().Add(long); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return c, false
		case <-time.After(min(long/20, time.Second)):
		}
		if now, ok := readClaim(data); ok && now != c {
			return now, now.Kernel != own.Kernel
		}
	}
	return c, false
}

// claimData claims a data folder that other machines may have mounted too, until
// release. On a local disk the lock of the engine is enough.
func claimData(ctx context.Context, data string, log *slog.Logger) (release func(), err error) {
	k, err := diskAt(above(data))
	if data == "" || err != nil || k.kind != networked {
		return func() {}, nil
	}
	log.Warn("the data folder is on a file system that other machines may have too: only one may serve from it", "folder", data, "kind", k.name)
	return ownClaim().keep(ctx, data, beatEvery, watchFor, log)
}

// keep claims a folder, and writes the claim at every interval.
func (own claim) keep(ctx context.Context, data string, every, long time.Duration, log *slog.Logger) (release func(), err error) {
	if other, alive := own.watch(ctx, data, long); alive {
		return nil, fault.Unavailable.Errorf("%s serves from %s: stop it, or choose another folder; two machines cannot serve from one", other, data)
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	if err := own.write(data); err != nil {
		return nil, fmt.Errorf("claiming the data folder: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // answers on their way end first
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		own.beat(ctx, data, every, log)
	}()
	return func() {
		cancel()
		<-ended
		if c, ok := readClaim(data); ok && c.Kernel == own.Kernel && c.PID == own.PID {
			if err := os.Remove(claimPath(data)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				log.Error("giving up the claim on the data folder", "err", err)
			}
		}
	}, nil
}

func (own claim) beat(ctx context.Context, data string, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if c, ok := readClaim(data); ok && c.Kernel != own.Kernel {
			log.Error("another machine serves from the same data folder; stop one of them before they destroy it", "other", c.String(), "folder", data)
		}
		own.Beat++
		if err := own.write(data); err != nil {
			log.Error("claiming the data folder", "err", err)
		}
	}
}
