// Package results keeps a run on disk while it is under way.
//
// A run is a folder. run.json says what is asked of whom, and results.jsonl
// gets a line as each answer comes, so that a run that is killed goes on where
// it was: a line that was cut short is dropped, and only what has no line is
// asked. Nothing of a line is ever written anew.
package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// Format is the version of the folder that this program writes and reads.
const Format = 1

const (
	metaFile    = "run.json"
	resultsFile = "results.jsonl"
)

// A Folder is a run on disk.
type Folder struct {
	Dir     string
	Meta    evals.Meta
	Results []evals.Result // in the order in which they came

	file *os.File
	lock *flock.Flock
	have map[[2]string]string // model and key to digest
}

// Create makes the folder of a new run. It must not hold one yet.
func Create(dir string, meta evals.Meta) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir, Meta: meta, have: map[[2]string]string{}}
	if err := f.hold(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, metaFile)); !errors.Is(err, fs.ErrNotExist) {
		f.Close()
		return nil, fault.Invalid.Errorf("%s holds a run already; --resume goes on with it, another --out begins a new one", dir)
	}
	f.Meta.Format = Format
	if err := f.writeMeta(); err != nil {
		f.Close()
		return nil, err
	}
	return f, f.open()
}

// Resume opens the folder of a run to go on with it.
func Resume(dir string) (*Folder, error) {
	f := &Folder{Dir: dir}
	if err := f.hold(); err != nil {
		return nil, err
	}
	whole, err := f.read()
	if err == nil {
		err = f.cut(whole)
	}
	if err == nil {
		err = f.open()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read opens the folder of a run to look at it. It may be under way.
func Read(dir string) (*Folder, error) {
	f := &Folder{Dir: dir}
	_, err := f.read()
	return f, err
}

// hold keeps a second program from writing to the same run.
func (f *Folder) hold() error {
	lock := flock.New(filepath.Join(f.Dir, ".lock"))
	held, err := lock.TryLock()
	if err != nil {
		return err
	}
	if !held {
		return fault.Invalid.Errorf("another program is writing to the run in %s", f.Dir)
	}
	f.lock = lock
	return nil
}

func (f *Folder) writeMeta() error {
	_, err := wholefile.Write(filepath.Join(f.Dir, metaFile), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(f.Meta)
	})
	return err
}

func (f *Folder) open() (err error) {
	f.file, err = os.OpenFile(filepath.Join(f.Dir, resultsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// read reads what is there, and returns how many bytes of it are whole lines.
func (f *Folder) read() (whole int64, err error) {
	path := filepath.Join(f.Dir, metaFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fault.NotFound.Errorf("%s holds no run: there is no %s in it", f.Dir, metaFile)
	}
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(data, &f.Meta); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	if f.Meta.Format != Format {
		return 0, fault.Invalid.Errorf("%s is of format %d; this program reads format %d, so use the Tilgate that made it (%s)", path, f.Meta.Format, Format, f.Meta.Version)
	}
	return f.readResults(filepath.Join(f.Dir, resultsFile))
}

func (f *Folder) readResults(path string) (whole int64, err error) {
	f.have = map[[2]string]string{}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return whole, nil // what has no line end was cut short
		}
		if err != nil {
			return 0, err
		}
		result, err := parse(bytes.TrimSpace(line))
		if err != nil {
			return 0, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if digest, ok := f.have[id(result)]; ok {
			return 0, fmt.Errorf("%s:%d: %s has an answer to %s already (asked %.12s, now %.12s)", path, n, result.Model, result.Key, digest, result.Digest)
		}
		f.have[id(result)] = result.Digest
		f.Results = append(f.Results, result)
		whole += int64(len(line))
	}
}

func id(r evals.Result) [2]string { return [2]string{r.Model, r.Key} }

func parse(line []byte) (r evals.Result, err error) {
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("this is no result: %w", err)
	}
	if r.Model == "" || r.Key == "" {
		return r, errors.New("this is no result: it names no model or no case")
	}
	return r, nil
}

// cut drops the line that was being written when the run ended.
func (f *Folder) cut(whole int64) error {
	path := filepath.Join(f.Dir, resultsFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == whole {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Truncate(path, whole)
}

// Has reports whether a case has an answer. What was asked must be the same.
func (f *Folder) Has(model string, c evals.Case) bool {
	return f.have[[2]string{model, c.Key()}] == c.Digest()
}

// Fits reports whether the cases of a run are those that its lines are about.
func (f *Folder) Fits(cases []evals.Case) error {
	digests := map[string]string{}
	for _, c := range cases {
		digests[c.Key()] = c.Digest()
	}
	for _, r := range f.Results {
		switch digest, ok := digests[r.Key]; {
		case !ok:
			return fault.Invalid.Errorf("the run in %s has an answer to %s, which is no case of the suites now", f.Dir, r.Key)
		case digest != r.Digest:
			return fault.Invalid.Errorf("the run in %s asked %s in other words than the suite has now; begin a new run", f.Dir, r.Key)
		}
	}
	return nil
}

// Keep appends a result.
func (f *Folder) Keep(r evals.Result) error {
	for name, v := range r.Scores {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: the score %s is %v", r.Key, name, v)
		}
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := f.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("keeping the answer to %s: %w", r.Key, err)
	}
	f.have[id(r)] = r.Digest
	f.Results = append(f.Results, r)
	return nil
}

// Forget takes out results without an answer, so that they are asked again.
func (f *Folder) Forget() error {
	kept := slices.DeleteFunc(slices.Clone(f.Results), func(r evals.Result) bool { return r.Error != "" })
	if len(kept) == len(f.Results) {
		return nil
	}
	path := filepath.Join(f.Dir, resultsFile)
	if _, err := wholefile.Write(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, r := range kept {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	f.Results, f.have = kept, map[[2]string]string{}
	for _, r := range kept {
		f.have[id(r)] = r.Digest
	}
	f.file.Close()
	return f.open()
}

// End marks the run as finished.
func (f *Folder) End(meta evals.Meta) error {
	if err := f.file.Sync(); err != nil {
		return err
	}
	f.Meta = meta
	f.Meta.Format = Format
	return f.writeMeta()
}

// Close lets go of the folder.
func (f *Folder) Close() error {
	var err error
	if f.file != nil {
		err = f.file.Close()
	}
	if f.lock != nil {
		err = errors.Join(err, f.lock.Unlock())
	}
	return err
}

// Samples puts the cases beside their results: models in their order, cases
// in theirs, whatever order the answers came in. Cases without a line are left
// out.
func (f *Folder) Samples(cases []evals.Case) []evals.Sample {
	at := map[[2]string]int{}
	for i, r := range f.Results {
		at[id(r)] = i
	}
	var samples []evals.Sample
	for _, model := range f.Meta.Models {
		for _, c := range cases {
			if i, ok := at[[2]string{model, c.Key()}]; ok {
				samples = append(samples, evals.Sample{Case: c, Result: f.Results[i]})
			}
		}
	}
	return samples
}
