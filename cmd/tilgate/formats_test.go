package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/rag/embed"
	"tilgate/rag/engine"
	"tilgate/rag/forget"
	"tilgate/serving/audit"
)

const formatsFolder = "testdata/formats"

// formats names the data folders that earlier releases have left.
func formats(t testing.TB) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(formatsFolder, "*.tar.gz"))
	if err != nil || len(all) < 4 {
		t.Fatalf("there are %v, %v", all, err)
	}
	return all
}

// leave unpacks a data folder to a place.
func leave(t testing.TB, p keptPlace, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for from := tar.NewReader(z); ; {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(p.dir, filepath.FromSlash(h.Name)), string(text))
	}
}

// has reports whether a format has a file.
func (p keptPlace) has(name string) bool { return exists(filepath.Join(p.data, name)) }

// TestFormats: what any release has left is opened, brought up to date and asked,
// as it is and after a backup.
func TestFormats(t *testing.T) {
	t.Parallel()
	for _, path := range formats(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			p := newKeptPlace(t)
			leave(t, p, path)
			p.opens(t)
			made := p.backup(t)
			p.opens(t)
			p.well(t, "restore", "--force", made)
			p.opens(t)
			if err := os.RemoveAll(p.data); err != nil {
				t.Fatal(err)
			}
			p.well(t, "restore", made)
			if out := p.well(t, "ask", "--kb", "office", "--lang", "ky", "Китепкана качан ачык?"); !strings.Contains(out, "саат тогуздан") {
				t.Errorf("it answers %q", out)
			}
		})
	}
}

// opens opens all that a data folder has.
func (p keptPlace) opens(t testing.TB) {
	t.Helper()
	if out := p.well(t, "ask", "--kb", "office", "--lang", "ky", "Китепкана качан ачык?"); !strings.Contains(out, "саат тогуздан") {
		t.Errorf("it answers %q", out)
	}
	if p.has("keys.toml") && !strings.Contains(p.well(t, "key", "list"), "desk") {
		t.Error("there is no key desk")
	}
	if p.has("ledger") {
		l, err := writeLedger(t.Context(), p.read(t)) // which brings it up to date
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got := p.heard(t); len(got) != 1 || got[0] != "p-17" {
			t.Errorf("heard are %q", got)
		}
		if out := p.well(t, "usage", "--json"); !strings.Contains(out, `"requests":`) {
			t.Errorf("used was %s", out)
		}
	}
	if p.has("audit") {
		if c, err := audit.Verify(filepath.Join(p.data, "audit")); err != nil || c.Records == 0 {
			t.Errorf("the audit log: %+v, %v", c, err)
		}
	}
	_, closeLimits, err := openLimits(p.read(t), quietLog())
	if err != nil {
		t.Fatal(err)
	}
	closeLimits()
	if p.has("forgotten.jsonl") {
		if list, err := forget.Open(p.data); err != nil || len(list.Entries()) != 1 {
			t.Errorf("forgotten is %v, %v", list, err)
		}
	}
	if p.has("trust.toml") && !strings.Contains(p.well(t, "trust", "list"), "centre") {
		t.Error("centre is not trusted")
	}
	if p.has(vectorsFile) {
		cache, err := embed.OpenCache(filepath.Join(p.data, vectorsFile))
		if err != nil {
			t.Fatal(err)
		}
		cache.Close()
	}
}

// TestUpgradeCutOff: what was killed while it brought a data folder up to date is
// done at the next start.
func TestUpgradeCutOff(t *testing.T) {
	t.Parallel()
	t.Run("passages", func(t *testing.T) {
		p := newKeptPlace(t)
		leave(t, p, filepath.Join(formatsFolder, "1.tar.gz"))
		e, err := engine.Open(p.data, engine.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.Client()
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.SetPayload(t.Context(), &qdrant.SetPayloadPoints{CollectionName: "office@1", Wait: qdrant.PtrOf(true),
			Payload:        map[string]*qdrant.Value{"tenant": qdrant.NewValueString("default")},
			PointsSelector: qdrant.NewPointsSelectorFilter(&qdrant.Filter{})})
		if err = errors.Join(err, c.Close(), e.Close()); err != nil {
			t.Fatal(err)
		}
		p.opens(t)
	})
	t.Run("ledger", func(t *testing.T) {
		p := newKeptPlace(t)
		runs := 10
		if testing.Short() {
			runs = 2
		}
		for range runs {
			if err := os.RemoveAll(p.data); err != nil {
				t.Fatal(err)
			}
			leave(t, p, filepath.Join(formatsFolder, "4.tar.gz"))
			cmd := exec.Command("tilgate", "feedback", "erase", "--config", p.config, "--person", "nobody")
			cmd.Path, _ = os.Executable()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < 1000 && !exists(filepath.Join(p.data, "ledger", "ledger.db.schema.lock")); i++ {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Duration(rand.Int64N(int64(40 * time.Millisecond))))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			p.opens(t)
		}
	})
}

// TestNewFormat writes what the present code leaves, for the next change of a
// format, where it is asked to.
func TestNewFormat(t *testing.T) {
	name := os.Getenv("TILGATE_NEW_FORMAT")
	if name == "" {
		name = filepath.Join(t.TempDir(), "new")
	} else {
		name = filepath.Join(formatsFolder, name)
	}
	p := newKeptPlace(t)
	docs := filepath.Join(p.dir, "docs.jsonl")
	writeFile(t, docs, `{"id":"library","lang":"ky","text":"Шаардык китепкана дүйшөмбүдөн ишембиге чейин саат тогуздан кечки жетиге чейин ачык."}`+"\n"+
		`{"id":"complaint","lang":"ky","text":"Асан Үсөн уулу айыл өкмөтүнө жазган арызында кошунасынын дубалы жөнүндө айтат."}`+"\n")
	p.well(t, "ingest", "--kb", "office", docs)
	p.well(t, "kb", "forget", "office", "complaint", "--lang", "ky")
	p.well(t, "key", "create", "desk")
	p.well(t, "trust", "add", "centre", "tgv-_XVWk5x-BdsV4m2FRo8vFlLT9lL7k9XvahQwsqrNa70", "--for", "bundles")
	p.says(t, "p-17", "Окурмандын билети канча турат?")
	if err := audit.Note(filepath.Join(p.data, "audit"), "answer", ""); err != nil {
		t.Fatal(err)
	}
	p.opens(t)
	if err := pack(p.dir, name+".tar.gz"); err != nil {
		t.Fatal(err)
	}
	again := newKeptPlace(t)
	leave(t, again, name+".tar.gz")
	again.opens(t)
}

// pack writes the data folder of a place into an archive, without locks.
func pack(dir, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	to := tar.NewWriter(z)
	err = filepath.WalkDir(filepath.Join(dir, "data"), func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(strings.ToLower(d.Name()), "lock") {
			return err
		}
		name, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		if err := to.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Size: int64(len(text)), Mode: 0o600, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err = to.Write(text)
		return err
	})
	return errors.Join(err, to.Close(), z.Close(), f.Close())
}
