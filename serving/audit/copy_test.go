package audit

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A copy that is made while the log is written is whole, and goes on.
func TestCopyWhileWritten(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				time.Sleep(time.Millisecond)
				_ = l.Record(Entry{Kind: "answer", Time: time.Now(), ID: strings.Repeat("x", 300)})
			}
		}
	}()
	records := 0
	for range 5 {
		time.Sleep(150 * time.Millisecond)
		before, _, _ := Head(folder)
		var b bytes.Buffer
		if err := Copy(folder, &b); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "audit")
		c, err := Extract(&b, to)
		if err != nil || c.Records < before || c.Records <= records {
			t.Fatalf("%d records copied after %d, the head was %d: %v", c.Records, records, before, err)
		}
		records = c.Records
		if err := Note(to, "restored", "from a test"); err != nil {
			t.Fatal(err)
		}
		if c, err = Verify(to); err != nil || c.Records != records+2 || !strings.Contains(strings.Join(c.Notes, "\n"), "restored: from a test") {
			t.Errorf("gone on with: %+v, %v", c, err)
		}
	}
	close(stop)
	<-done
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// Where there is no log there is none afterwards.
func TestCopyNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Copy(filepath.Join(t.TempDir(), "nowhere"), &b); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "audit")
	if c, err := Extract(&b, to); err != nil || c.Records != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("there is a folder")
	}
}

// What is no log is not put anywhere, and one that is broken is said to be.
func TestExtractRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		file, text, says string
	}{
		"another place": {"../audit-2026-01-01.jsonl", "", "no file of one"},
		"another file":  {"keys.toml", "", "no file of one"},
		"no record":     {"audit-2026-01-01.jsonl", "x\n", "cannot be read"},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		_ = w.WriteHeader(header(tt.file, int64(len(tt.text))))
		_, _ = io.WriteString(w, tt.text)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := Extract(&b, filepath.Join(dir, "audit")); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
		if _, err := os.Stat(filepath.Join(dir, "audit-2026-01-01.jsonl")); err == nil {
			t.Errorf("%s: it lies beside its folder", name)
		}
	}
	// A file that says to have a terabyte of nothing.
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h := header("audit-2026-01-01.jsonl", 512)
	h.PAXRecords = map[string]string{"XXX.sparse.major": "1", "XXX.sparse.minor": "0", "XXX.sparse.name": h.Name, "XXX.sparse.realsize": "1099511627776"}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(append([]byte("0\n"), make([]byte, 510)...))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sparse := bytes.ReplaceAll(b.Bytes(), []byte("XXX.sparse"), []byte("GNU.sparse"))
	if got, err := tar.NewReader(bytes.NewReader(sparse)).Next(); err != nil || got.Size != 1<<40 {
		t.Fatalf("the case is none: %+v, %v", got, err)
	}
	if _, err := Extract(bytes.NewReader(sparse), filepath.Join(t.TempDir(), "audit")); err == nil || !strings.Contains(err.Error(), "no file of one") {
		t.Errorf("sparse: %v", err)
	}
	if _, err := Extract(strings.NewReader(strings.Repeat("nonsense", 200)), filepath.Join(t.TempDir(), "audit")); err == nil {
		t.Error("nonsense is taken")
	}
}

func FuzzExtract(f *testing.F) {
	folder := f.TempDir()
	if err := Note(folder, "answer", ""); err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := Copy(folder, &b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		_, _ = Extract(bytes.NewReader(data), filepath.Join(dir, "audit"))
		if all, _ := os.ReadDir(dir); len(all) > 1 || len(all) == 1 && all[0].Name() != "audit" {
			t.Errorf("there are %v", all)
		}
	})
}
