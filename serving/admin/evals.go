package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/serving/gateway"
)

// An evalsPage lists the runs of tilgate eval that have a report.
type evalsPage struct {
	Folder bool // there is one
	Runs   []evalRun
}

type evalRun struct {
	Name    string
	Path    string
	Started time.Time
	Models  []string
	Cases   int
}

func (c *Console) evals(context.Context, gateway.Visit) (any, error) {
	p := evalsPage{Folder: c.Evals != ""}
	if !p.Folder {
		return p, nil
	}
	found, err := os.ReadDir(c.Evals)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range found {
		name := e.Name()
		if _, err := os.Stat(filepath.Join(c.Evals, name, "report.html")); err != nil {
			continue // no run, or not finished
		}
		r := evalRun{Name: name, Path: "/admin/report/eval/" + url.PathEscape(name)}
		if data, err := os.ReadFile(filepath.Join(c.Evals, name, "run.json")); err == nil {
			var m evals.Meta
			_ = json.Unmarshal(data, &m) // a run without it is still listed
			r.Started, r.Models, r.Cases = m.Started, m.Models, m.Cases
		}
		p.Runs = append(p.Runs, r)
	}
	slices.SortFunc(p.Runs, func(a, b evalRun) int {
		if n := b.Started.Compare(a.Started); n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return p, nil
}

// mostReport is how large a report may be.
const mostReport = 64 << 20

// report returns a report that a command wrote: report/eval/RUN of an
// evaluation, report/kb/NAME/FILE of what was wrong with a knowledge base. ok is
// false if the path is no report's.
func (c *Console) report(ctx context.Context, v gateway.Visit) (s gateway.Sheet, ok bool, err error) {
	folder, file := "", ""
	parts := strings.Split(v.Path, "/")
	switch {
	case parts[0] != "report":
		return s, false, nil
	case slices.ContainsFunc(parts, func(p string) bool { return !plainName(p) }):
	case len(parts) == 3 && parts[1] == "eval":
		folder, file = c.Evals, filepath.Join(parts[2], "report.html")
	case len(parts) == 4 && parts[1] == "kb" && c.Reports != nil:
		if _, err := c.baseOf(ctx, v, parts[2]); err != nil {
			return s, true, err
		}
		folder, file = c.Reports(tenantOf(v), parts[2]), parts[3]+".html"
	}
	none := fault.NotFound.Errorf("there is no report at %q", "/admin/"+v.Path)
	if folder == "" {
		return s, true, none
	}
	body, err := readWithin(folder, file)
	if errors.Is(err, fs.ErrNotExist) {
		err = none
	}
	return gateway.Sheet{Body: body, Report: true}, true, err
}

// plainName reports whether a name names a file, and not a way to one.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}

// readWithin reads a file of a folder; links do not lead out of it.
func readWithin(folder, file string) ([]byte, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > mostReport {
		return nil, fault.TooLarge.Errorf("the report has %d bytes; open its file", info.Size())
	}
	return root.ReadFile(file)
}
