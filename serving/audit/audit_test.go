package audit

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv("TILGATE_AUDIT_CHILD"); folder != "" {
		child(folder)
		return
	}
	goleak.VerifyTestMain(m)
}

// child records without end, and says what is kept, until it is killed.
func child(folder string) {
	l, err := Open(folder, Options{Durable: true})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if l.Record(Entry{Kind: "answer", ID: id}) == nil {
					fmt.Println("kept", id)
				}
			}
		})
	}
	wg.Wait()
}

func open(t *testing.T, folder string, o Options) *Log {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l, err := Open(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func verified(t *testing.T, folder string) Chain {
	t.Helper()
	c, err := Verify(folder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var exchange = serving.Exchange{ID: "chatcmpl-1", Start: time.Now(), Total: time.Second, Caller: serving.Caller{Name: "desk", Tenant: "moe"}, Model: "auto", Auto: true,
	Plan: serving.Plan{Language: serving.Language{Tag: "ky"}, Adapter: "ky", Model: "qwen3:8b", Passages: []rag.Passage{
		{KB: "civil", Doc: "birth", Hash: "h", Text: "Ата-энелер"}, {KB: "civil", Doc: "birth", Hash: "h", Text: "30 күн"}}},
	Digests: serving.Digests{Adapter: "a", Model: "m"}, Citations: 1, Usage: serving.Usage{PromptTokens: 7, CompletionTokens: 3}, Chars: 12,
	Guard: serving.Report{Masked: 1}, Steps: []serving.Step{{Did: serving.StepRetry}}}

func TestRecord(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	l.Keep(exchange)
	failed := exchange
	failed.Err = fault.Unavailable.Errorf("down")
	l.Keep(failed)
	l.Close()
	text := read(t, folder)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 || strings.Contains(text, "30 күн") {
		t.Fatalf("%s", text)
	}
	for _, want := range []string{`"kind":"answer"`, `"id":"chatcmpl-1"`, `"caller":"desk","tenant":"moe"`, `"language":"ky","adapter":"ky","model":"qwen3:8b"`,
		`"digests":["adapter:a","model:m"]`, `"sources":[{"kb":"civil","doc":"birth","hash":"h"}],"cited":1`, `"guard":["retry","hid 1"]`, `"outcome":"ok"`} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("no %s in %s", want, lines[1])
		}
	}
	if !strings.Contains(lines[2], `"outcome":"unavailable"`) {
		t.Errorf("%s", lines[2])
	}
	if c := verified(t, folder); c.Records != 3 || c.First != 1 {
		t.Errorf("%+v", c)
	}
	if ok, err := Holds(folder, verified(t, folder).Head); !ok || err != nil {
		t.Errorf("its own head is not in it: %v", err)
	}
}

func read(t *testing.T, folder string) string {
	t.Helper()
	files, err := Files(folder)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever is done to a log that was written, it is seen.
func TestTampering(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(lines []string) []string
		says string
	}{
		{"edited", func(l []string) []string { l[2] = strings.Replace(l[2], "desk2", "desk9", 1); return l }, "line 3: its hash is not that of its text"},
		{"removed", func(l []string) []string { return append(l[:2:2], l[3:]...) }, "line 3: it is number 4 after number 2"},
		{"moved", func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "line 2: it is number 3 after number 1"},
		{"repeated", func(l []string) []string { return append(l[:2:2], l[1:]...) }, "line 3: it is number 2 after number 2"},
		{"cut off", func(l []string) []string { return l[:4] }, "the end was cut off"},
		{"half a line", func(l []string) []string { l[4] = l[4][:30]; return l }, "line 5: this is not a record"},
		{"no JSON", func(l []string) []string { l[0] = "hello"; return l }, "line 1: this is not a record"},
		{"made anew", func(l []string) []string {
			at := place{}
			_, e, _, _ := parse([]byte(l[1]))
			e.Caller = "nobody"
			_, _, at.hash, _ = parse([]byte(l[0]))
			at.n = 1
			line, _ := at.append(nil, e)
			l[1] = strings.TrimSuffix(string(line), "\n")
			return l
		}, "line 3: it does not follow the record before it"},
	} {
		folder := t.TempDir()
		l := open(t, folder, Options{})
		for i := range 4 {
			l.Record(Entry{Kind: "answer", Caller: "desk" + strconv.Itoa(i+1)})
		}
		l.Close()
		lines := tt.with(strings.Split(strings.TrimSuffix(read(t, folder), "\n"), "\n"))
		files, _ := Files(folder)
		if err := os.WriteFile(files[0], []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(folder); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.says)
		}
	}
}

func TestReopened(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	l.Record(Entry{Kind: "answer"})
	if _, err := Open(folder, Options{}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("two writers: %v", err)
	}
	l.Close()
	files, _ := Files(folder)
	f, err := os.OpenFile(files[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"n":3,"pre`)
	f.Close()
	open(t, folder, Options{}).Close()
	if text := read(t, folder); !strings.Contains(text, `"kind":"torn"`) || !strings.Contains(text, "11 bytes") {
		t.Errorf("%s", text)
	}
	verified(t, folder)
	lines := strings.SplitAfter(read(t, folder), "\n")
	if err := os.WriteFile(files[0], []byte(strings.Join(lines[:1], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, folder, Options{}).Close()
	if text := read(t, folder); !strings.Contains(text, `"kind":"cut"`) || !strings.Contains(text, "those after 1 are gone") {
		t.Errorf("that the end was cut off is not written down: %s", text)
	}
}

func TestDays(t *testing.T) {
	folder := t.TempDir()
	l := &Log{opts: Options{Days: 2, Log: slog.New(slog.DiscardHandler)}, folder: folder}
	for day := range 5 {
		at := time.Date(2026, 3, 1+day, 12, 0, 0, 0, time.UTC)
		if err := l.write([]job{{entry: Entry{Kind: "answer", ID: strconv.Itoa(day)}}}, at); err != nil {
			t.Fatal(err)
		}
	}
	l.closeFile()
	c := verified(t, folder)
	if c.Files != 3 || c.First != 3 {
		t.Errorf("%+v", c)
	}
}

// A disk that is full for a while costs records, which are counted, or in
// durable mode lets nothing be answered; the chain stays whole.
func TestDiskFull(t *testing.T) {
	for _, durable := range []bool{false, true} {
		folder := t.TempDir()
		l := open(t, folder, Options{Durable: durable})
		l.Record(Entry{Kind: "answer", ID: "1"})
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		l.file.Close() // writing fails from here
		err := l.Record(Entry{Kind: "answer", ID: "2"})
		if durable != (err != nil) || durable != (l.Refuse() != nil) {
			t.Errorf("durable %v: %v, refuses %v", durable, err, l.Refuse())
		}
		os.Chmod(folder, 0o700)
		l.Record(Entry{Kind: "answer", ID: "3"})
		l.Close()
		if l.Lost() == 0 || l.Refuse() != nil {
			t.Errorf("durable %v: %d lost, refuses %v", durable, l.Lost(), l.Refuse())
		}
		verified(t, folder)
	}
}

// TestKilled kills a process that records, again and again. The chain holds,
// and what was said to be kept is there, once.
func TestKilled(t *testing.T) {
	folder := t.TempDir()
	kept := map[string]bool{}
	kills := 50
	if testing.Short() {
		kills = 10
	}
	for i := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TILGATE_AUDIT_CHILD="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(20+i*3)*time.Millisecond, func() { cmd.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if id, ok := strings.CutPrefix(lines.Text(), "kept "); ok {
				kept[id] = true
			} else {
				t.Fatal(lines.Text())
			}
		}
		cmd.Wait()
	}
	open(t, folder, Options{}).Close()
	c := verified(t, folder)
	files, _ := Files(folder)
	there := map[string]int{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if _, e, _, err := parse([]byte(line)); err != nil {
				t.Fatal(err)
			} else if e.ID != "" {
				there[e.ID]++
			}
		}
	}
	t.Logf("%d kills, %d records said to be kept, %d there", kills, len(kept), c.Records)
	if len(kept) < kills {
		t.Errorf("only %d records", len(kept))
	}
	for id := range kept {
		if there[id] != 1 {
			t.Fatalf("%s is there %d times", id, there[id])
		}
	}
}

func FuzzParse(f *testing.F) {
	at := place{}
	line, _ := at.append(nil, Entry{Kind: "answer", ID: "x"})
	f.Add(line[:len(line)-1])
	f.Add([]byte(`{"hash":"`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if l, _, _, err := parse(line); err == nil && l.N == 0 && len(line) < 70 {
			t.Errorf("%q is taken for a record", line)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	l, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Keep(exchange)
		}
	})
}
