package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/fit"
)

func (p *program) doctorCommand() *cobra.Command {
	var path, unit string
	var asJSON bool
	cmd := &cobra.Command{Use: "doctor", Short: "Find what is wrong with a service, and say what to do",
		Long: `Find what is wrong with a service, and say what to do: one line for each thing that
was looked at, ok, warn or fail, with the remedy. Nothing is changed, and a
service that runs meanwhile is not disturbed. Run it as root, or as the user of the service:
others do not see all of its files.

Model servers, Qdrant, Postgres, Redis and the identity provider are asked
whether they are there and what they have; nothing of anybody's is sent to them.
Exit code 1 means that something fails.`,
		Example: "  tilgate doctor --config /etc/tilgate/tilgate.toml\n  tilgate doctor --json | jq '.[] | select(.state != \"ok\")'",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := newPatient(cmd.Context(), p.getenv, path, unit)
			return p.report(d.examine(), asJSON)
		}}
	p.configFlag(cmd, &path)
	cmd.Flags().StringVar(&unit, "unit", "tilgate", "name of the unit for systemd")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// A condition is how bad something is.
type condition string

const (
	isWell condition = "ok"
	warns  condition = "warn" // it works, and may not for long or not for all
	fails  condition = "fail"
)

// A finding is what a check found, and what to do about it.
type finding struct {
	Check string    `json:"check"`
	State condition `json:"state"`
	Says  string    `json:"says"`
	Do    string    `json:"do,omitempty"`
}

func (f finding) String() string {
	text := fmt.Sprintf("%-5s %-11s %s", f.State, f.Check, f.Says)
	if f.Do != "" {
		text += "; " + f.Do
	}
	return text
}

// oks, warn and fail make a finding; do is the remedy.
func oks(format string, args ...any) finding {
	return finding{State: isWell, Says: fmt.Sprintf(format, args...)}
}

func warn(do, format string, args ...any) finding {
	return finding{State: warns, Says: fmt.Sprintf(format, args...), Do: do}
}

func fail(do, format string, args ...any) finding {
	return finding{State: fails, Says: fmt.Sprintf(format, args...), Do: do}
}

// unlessDenied is what to do about an error, unless doctor itself may not see what
// it is about.
func unlessDenied(err error, do string) string {
	if errors.Is(err, fs.ErrPermission) {
		return "run doctor as root or as the user of the service, to whom all in the data folder should belong"
	}
	return do
}

// A patient is what is examined. Tests give it a machine of their own.
type patient struct {
	ctx    context.Context
	getenv func(string) string
	path   string // of the configuration
	text   []byte
	c      Config
	wrong  error // with the configuration
	unit   string

	root    fs.FS // the file system from "/" on
	machine fit.Machine
	now     func() time.Time
	built   time.Time // zero if it is not known
	command func(name string, args ...string) (string, error)
	disk    func(folder string) (disk, error)
	limit   func() uint64 // of open files
	patient time.Duration // with servers
	watch   time.Duration // whether another machine is alive

	stock func(BackendConfig) stock
}

// newPatient reads what all checks need.
func newPatient(ctx context.Context, getenv func(string) string, path, unit string) *patient {
	d := &patient{ctx: ctx, getenv: getenv, path: path, unit: unit, root: thisMachine(), machine: readMachine(ctx),
		now: time.Now, built: buildTime(), disk: diskAt, limit: openFileLimit, patient: 5 * time.Second, watch: watchFor}
	d.command = func(name string, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, name, args...).Output()
		return string(out), err
	}
	if path != "" {
		d.text, d.wrong = os.ReadFile(path)
	}
	if d.c, d.wrong = readConfig(path, getenv); d.wrong != nil {
		return d
	}
	var mu sync.Mutex
	taken := map[string]func() stock{}
	d.stock = func(b BackendConfig) stock {
		mu.Lock()
		once, ok := taken[b.Name]
		if !ok {
			once = sync.OnceValue(func() stock { return takeStock(ctx, b) })
			taken[b.Name] = once
		}
		mu.Unlock()
		return once()
	}
	return d
}

// buildTime is when the source was committed that the program is built from.
func buildTime() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				at, _ := time.Parse(time.RFC3339, s.Value)
				return at
			}
		}
	}
	return time.Time{}
}

// A check looks at one thing. Without a configuration only those are made that
// need none.
type check struct {
	name      string
	needsNone bool
	look      func(*patient) []finding
}

// checks are in the order in which a service would come to what they look at.
var checks = []check{
	{"config", true, checkConfig},
	{"setup", true, checkSetup},
	{"unit", true, checkUnit},
	{"clock", true, checkClock},
	{"files", true, checkOpenFiles},
	{"data", false, checkData},
	{"disk", false, checkDisk},
	{"filesystem", false, checkFileSystem},
	{"in use", false, checkInUse},
	{"leftovers", false, checkLeftovers},
	{"keys", false, checkKeys},
	{"ports", false, checkPorts},
	{"network", false, checkNetwork},
	{"tls", false, checkTLS},
	{"languages", false, checkLanguages},
	{"trust", false, checkTrust},
	{"fonts", false, checkFonts},
	{"knowledge", false, checkKnowledge},
	{"store", false, checkStore},
	{"models", false, checkModels},
	{"memory", false, checkMemory},
	{"embedding", false, checkEmbedding},
	{"rerank", false, checkRerank},
	{"redis", false, checkRedis},
	{"identity", false, checkIdentity},
	{"ledger", false, checkLedger},
	{"audit", false, checkAudit},
}

// examine makes all checks, side by side: servers that do not answer are waited
// for once.
func (d *patient) examine() (list []finding) {
	found := make([][]finding, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		if d.wrong != nil && !c.needsNone {
			continue
		}
		all.Go(func() {
			found[i] = c.look(d)
			for j := range found[i] {
				found[i][j].Check = c.name
			}
		})
	}
	all.Wait()
	for _, fs := range found {
		list = append(list, fs...)
	}
	return list
}

var errFailing = errors.New("something fails; each line says what to do")

func (p *program) report(list []finding, asJSON bool) error {
	failing := false
	for _, f := range list {
		failing = failing || f.State == fails
		if asJSON {
			continue
		}
		if _, err := fmt.Fprintln(p.out, f); err != nil {
			return err
		}
	}
	if asJSON {
		if err := json.NewEncoder(p.out).Encode(list); err != nil {
			return err
		}
	}
	if failing {
		return errFailing
	}
	return nil
}
