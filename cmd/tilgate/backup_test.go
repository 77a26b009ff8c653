package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tilgate/internal/bundle"
	"tilgate/internal/sign"
	"tilgate/serving"
	"tilgate/serving/feedback"
)

// A place is a data folder with what is kept in it, and its configuration.
type keptPlace struct{ dir, data, config string }

func newKeptPlace(t testing.TB) keptPlace {
	t.Helper()
	dir := t.TempDir()
	p := keptPlace{dir, filepath.Join(dir, "data"), filepath.Join(dir, "tilgate.toml")}
	writeFile(t, p.config, fmt.Sprintf("data = %q\nadapters = %q\n[ollama]\nurl = \"\"\n[audit]\nfolder = %q\n", p.data, filepath.Join(dir, "adapters"), filepath.Join(p.data, "audit")))
	if err := os.MkdirAll(filepath.Join(dir, "adapters"), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p keptPlace) well(t testing.TB, args ...string) string {
	t.Helper()
	return carriage{}.well(t, append(args, "--config", p.config)...)
}

// fails runs a command line that must fail, and say why.
func (p keptPlace) fails(t testing.TB, says string, args ...string) {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(t.Context(), append(args, "--config", p.config), noEnv, strings.NewReader(""), &out, &errOut); code == 0 || !strings.Contains(errOut.String(), says) {
		t.Errorf("tilgate %v: %d, %s%s, want %q", args, code, out.String(), errOut.String(), says)
	}
}

// ingest stores documents of one sentence each, numbered from one on.
func (p keptPlace) ingest(t testing.TB, from, to int) {
	t.Helper()
	var b strings.Builder
	for i := from; i < to; i++ {
		row, err := json.Marshal(map[string]string{"id": fmt.Sprint("doc-", i), "lang": "ky", "title": fmt.Sprintf("%d-көчө", i),
			"text": fmt.Sprintf("Айылдын %d-көчөсүндөгү суу эсептегичи быйыл алмаштырылат.", i)})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(row, '\n'))
	}
	docs := filepath.Join(p.dir, "docs.jsonl")
	writeFile(t, docs, b.String())
	p.well(t, "ingest", "--kb", "streets", docs)
}

// says keeps feedback, and counts that somebody asked.
func (p keptPlace) says(t testing.TB, person, words string) {
	t.Helper()
	c := p.read(t)
	l, err := writeLedger(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	l.Record(t.Context(), serving.Exchange{Start: time.Now(), Caller: serving.Caller{Name: "desk", Tenant: "default"}, Auto: true})
	f := feedback.Feedback{ID: "f-" + person, Tenant: "default", Person: person, Question: words, Time: time.Now()}
	if err := errors.Join(l.PutFeedback(t.Context(), f), l.Close()); err != nil {
		t.Fatal(err)
	}
}

func (p keptPlace) read(t testing.TB) Config {
	t.Helper()
	c, err := loadConfig(p.config, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// heard lists whose feedback is kept.
func (p keptPlace) heard(t testing.TB) (people []string) {
	t.Helper()
	l, err := readLedger(t.Context(), p.read(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	list, err := l.ListFeedback(t.Context(), feedback.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		people = append(people, f.Person)
	}
	return people
}

func (p keptPlace) backup(t testing.TB, args ...string) string {
	t.Helper()
	out := filepath.Join(p.dir, fmt.Sprintf("%d.backup", rand.Uint64()))
	p.well(t, append([]string{"backup", out}, args...)...)
	return out
}

// TestBackupChanged: a backup with any byte changed, or cut anywhere, changes
// nothing, encrypted or not.
func TestBackupChanged(t *testing.T) {
	t.Parallel()
	p := newKeptPlace(t)
	p.ingest(t, 0, 3)
	p.says(t, "айгүл", "Рахмат")
	phrase := filepath.Join(p.dir, "phrase")
	writeFile(t, phrase, "тоо суу таш\n")
	identity := filepath.Join(p.dir, "key")
	out := p.well(t, "backup", "--make-identity", identity)
	recipient := out[strings.Index(out, "age1"):]
	recipient = recipient[:strings.Index(recipient, " ")]
	for name, path := range map[string]string{"plain": p.backup(t), "encrypted": p.backup(t, "--encrypt-to", recipient)} {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flags := unlockFlags{}
		if name == "encrypted" {
			flags.identity = identity
			if bytes.Contains(whole, []byte("tilgate bundle")) {
				t.Error("it is not encrypted")
			}
			p.fails(t, "is encrypted: give --identity", "restore", "--force", path)
			p.fails(t, "cannot be opened with this", "restore", "--force", "--passphrase-file", phrase, path)
		}
		changed := filepath.Join(p.dir, "changed.backup")
		refused := func(what string, data []byte) {
			b, err := flags.read(changed, bytes.NewReader(data), int64(len(data)), noEnv)
			if err == nil {
				err = b.Verify(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), changed) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		for i := range whole {
			data := bytes.Clone(whole)
			data[i] ^= 1 << rand.IntN(8)
			refused(fmt.Sprintf("byte %d of %d", i, len(whole)), data)
			if i%31 == 0 {
				refused(fmt.Sprintf("cut after %d of %d bytes", i, len(whole)), whole[:i])
			}
		}
		refused("a byte more", append(bytes.Clone(whole), 0))
		writeFile(t, changed, string(whole[:len(whole)/2]))
		p.fails(t, changed, append([]string{"restore", "--force", changed}, map[bool][]string{true: {"--identity", identity}}[name == "encrypted"]...)...)
	}
	locked := p.backup(t, "--passphrase-file", phrase)
	p.well(t, "restore", "--force", "--passphrase-file", phrase, locked)
	writeFile(t, phrase, "башка сөз")
	p.fails(t, "the passphrase or identity is not the one", "restore", "--force", "--passphrase-file", phrase, locked)
	if n := streets(t, p.data); n != 3 {
		t.Errorf("%d documents", n)
	}
}

// TestBackupForgets: what was forgotten or erased after a backup does not come
// back with it, neither here nor where its list is brought along.
func TestBackupForgets(t *testing.T) {
	t.Parallel()
	p := newKeptPlace(t)
	p.ingest(t, 0, 9)
	complaint := filepath.Join(p.dir, "complaint.jsonl")
	writeFile(t, complaint, `{"id": "complaint", "lang": "ky", "text": "Асан Үсөн уулу айыл өкмөтүнө жазган арызында кошунасынын дубалы жөнүндө айтат."}`+"\n")
	p.well(t, "ingest", "--kb", "streets", complaint)
	p.says(t, "айгүл", "Менин арызым жөнүндө унутулсун")
	p.says(t, "бакыт", "Рахмат")
	path := p.backup(t)
	p.well(t, "kb", "forget", "streets", "complaint", "--lang", "ky")
	p.well(t, "feedback", "erase", "--person", "айгүл")
	list := filepath.Join(p.dir, "list.jsonl")
	if err := os.Rename(filepath.Join(p.data, "forgotten.jsonl"), list); err != nil {
		t.Fatal(err)
	}
	p.well(t, "restore", "--force", "--forgotten", list, path)
	if n := streets(t, p.data); n != 9 {
		t.Errorf("%d documents, want 9 without the forgotten one", n)
	}
	if got := p.heard(t); len(got) != 1 || got[0] != "бакыт" {
		t.Errorf("heard are %v", got)
	}
	words := [][]byte{[]byte("Асан Үсөн уулу"), []byte("унутулсун")}
	err := filepath.WalkDir(p.data, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(text, w) {
				t.Errorf("%s holds %q", path, w)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.well(t, "restore", "--force", path) // its own list knows by now
	if n := streets(t, p.data); n != 9 {
		t.Errorf("again: %d documents", n)
	}
}

// TestRestoreKilled kills a restore again and again. Whatever is asked next, all
// is old or all is new.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	p := newKeptPlace(t)
	p.ingest(t, 0, 400)
	p.says(t, "new", "жаңы")
	writeFile(t, filepath.Join(p.data, "suites", "note.txt"), "new")
	path := p.backup(t)
	if err := os.RemoveAll(p.data); err != nil {
		t.Fatal(err)
	}
	p.ingest(t, 0, 7)
	p.says(t, "old", "эски")
	writeFile(t, filepath.Join(p.data, "suites", "note.txt"), "old")
	before := filepath.Join(p.dir, "before")
	if err := os.Rename(p.data, before); err != nil {
		t.Fatal(err)
	}
	restores := func(args ...string) *exec.Cmd {
		cmd := exec.Command("tilgate", append([]string{"restore", "--config", p.config, "--force", path}, args...)...)
		cmd.Path, _ = os.Executable()
		return cmd
	}
	runs := 25
	if testing.Short() {
		runs = 5
	}
	var takes time.Duration
	seen := map[string]int{}
	for i := range runs {
		if err := errors.Join(os.RemoveAll(p.data), os.CopyFS(p.data, os.DirFS(before))); err != nil {
			t.Fatal(err)
		}
		cmd, start := restores(), time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the first shows how long it takes
			if i%2 == 0 { // from the decision on it is quick
				for !exists(filepath.Join(p.data, restoreJournal)) && time.Since(start) < 2*takes {
					time.Sleep(100 * time.Microsecond)
				}
				time.Sleep(time.Duration(rand.Int64N(int64(8 * time.Millisecond))))
			} else {
				time.Sleep(time.Duration(rand.Int64N(int64(takes))))
			}
			_ = cmd.Process.Kill()
		}
		if err := cmd.Wait(); i == 0 && err != nil {
			t.Fatal(err)
		}
		takes = max(takes, time.Since(start))
		_, decided := os.Stat(filepath.Join(p.data, restoreJournal))
		if decided == nil {
			p.fails(t, "was cut off", "usage")
		}
		_, leave, err := enterPlace(t.Context(), p.config, noEnv) // as tilgate serve does
		if err != nil {
			t.Fatal(err)
		}
		leave()
		state := p.state(t)
		if state != "7 old [old]" && state != "400 new [new]" {
			t.Errorf("killed, there is %s", state)
		}
		if decided == nil && state != "400 new [new]" {
			t.Errorf("what was decided was not done: %s", state)
		}
		seen[state]++
		if left, _ := filepath.Glob(filepath.Join(p.data, stageName)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	t.Logf("a restore takes %v; seen were %v", takes, seen)
}

// state says what is there, of three kinds of things.
func (p keptPlace) state(t testing.TB) string {
	t.Helper()
	note, err := os.ReadFile(filepath.Join(p.data, "suites", "note.txt"))
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprint(streets(t, p.data), " ", string(note), " ", p.heard(t))
}

// TestRestoreFails: whatever cannot be put in its place, the old state comes back.
func TestRestoreFails(t *testing.T) {
	t.Parallel()
	p := newKeptPlace(t)
	p.ingest(t, 0, 20)
	p.says(t, "new", "жаңы")
	writeFile(t, filepath.Join(p.data, "suites", "note.txt"), "new")
	path := p.backup(t)
	p.ingest(t, 20, 27)
	p.says(t, "old", "эски")
	writeFile(t, filepath.Join(p.data, "suites", "note.txt"), "old")
	want := p.state(t)
	b, closeFile, err := unlockFlags{}.open(path, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFile()
	for broken := range 20 {
		r := &restoring{p: &program{getenv: noEnv, err: os.Stderr}, c: p.read(t), flags: restoreFlags{force: true, noAsk: true}, from: b}
		if err := r.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if broken >= len(r.journal.Moves) {
			r.close(false)
			break
		}
		// A folder with something in it stands in the way of one of the moves.
		m := r.journal.Moves[broken]
		if m.New == "" && !exists(m.To) { // there is nothing to move
			r.close(false)
			continue
		}
		writeFile(t, filepath.Join(m.Old, "in", "the", "way"), "x")
		if exists(m.To) {
			r.journal.Moves[broken].Old = filepath.Join(m.Old, "in", "the", "way", "is", "a file")
		} else {
			r.journal.Moves[broken].To = filepath.Join(m.Old, "in", "the", "way", "is", "a file")
		}
		if err := r.commit(t.Context()); err == nil || !strings.Contains(err.Error(), "the old state is back") {
			t.Errorf("move %d, of %s: %v", broken, m.To, err)
		}
		r.close(false)
		if got := p.state(t); got != want {
			t.Fatalf("move %d, of %s: there is %s, want %s", broken, m.To, got, want)
		}
	}
}

// TestRestoreRefuses: a backup that is newer, of somebody else, or no backup.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	p := newKeptPlace(t)
	p.ingest(t, 0, 3)
	path := p.backup(t)
	p.fails(t, "is not empty", "restore", path)
	p.fails(t, "is none of", "restore", "--only", "everything", path)
	p.fails(t, "and not by tgv-", "restore", "--force", "--signed-by", sign.NewSecret().Key().String(), path)
	p.fails(t, "this is no bundle of Tilgate, nor a backup", "restore", "--force", p.config)
	p.fails(t, "is a backup: tilgate restore reads it", "bundle", "verify", path)
	other := newKeptPlace(t)
	other.ingest(t, 0, 1)
	other.backup(t)
	other.fails(t, "was not made from this data folder", "restore", "--force", path)

	newer := filepath.Join(p.dir, "newer.backup")
	about := bundle.Source{Kind: bundle.State, Name: areaAbout, File: aboutFile, Fill: nil}
	for text, says := range map[string]string{
		`{"format": 9, "tilgate": "tilgate 7"}`: "made by tilgate 7",
		`{"format": 0}`:                         "cannot be read",
		`[]`:                                    "cannot be read",
	} {
		about.Fill = (&backing{}).part(bundle.State, areaAbout, aboutFile, writes(text)).Fill
		secret, err := p.read(t).backupSecret()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := bundle.Pack(&b, p.dir, bundle.Head{Name: "x", Backup: true}, secret, []bundle.Source{about}); err != nil {
			t.Fatal(err)
		}
		writeFile(t, newer, b.String())
		p.fails(t, says, "restore", "--force", newer)
	}
	if n := streets(t, p.data); n != 3 {
		t.Errorf("%d documents", n)
	}
}

func writes(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}
