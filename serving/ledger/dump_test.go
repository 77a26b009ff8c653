package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/feedback"
)

// dump returns the lines of a dump, sorted: databases list rows as they like.
func dump(t testing.TB, o Options) (text string, d Dumped) {
	t.Helper()
	var b bytes.Buffer
	d, err := Dump(t.Context(), o, &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), d
}

func sorted(text string) []string { return slices.Sorted(strings.SplitSeq(text, "\n")) }

// before is when things are said: erasing is now.
var before = time.Now().Add(-time.Hour)

func said(person, words string, at time.Time) feedback.Feedback {
	return feedback.Feedback{ID: "f-" + person, Tenant: "moh", Person: person, Conversation: "c-" + person, Question: words, Time: at}
}

// furnish gives a ledger something of everything.
func furnish(t testing.TB, o Options) {
	t.Helper()
	l := open(t, o)
	for i := range 300 {
		l.Record(t.Context(), changed(func(x *serving.Exchange) { x.Caller.Name = fmt.Sprint(i % 7) }))
	}
	for _, person := range []string{"айгүл", "бакыт"} {
		if err := l.PutFeedback(t.Context(), said(person, "Арыз кайда берилет? \u2028 \"'\\ "+person, before)); err != nil {
			t.Fatal(err)
		}
	}
	l.NoteHead(Head{Chain: "a", N: 7, Hash: "ab", At: noon})
	settled(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// What was in one database is in the other, whichever.
func TestDumpLoad(t *testing.T) {
	onBoth(t, func(t *testing.T, from Options) {
		furnish(t, from)
		text, d := dump(t, from)
		if d.Tables["usage"] != 7 || d.Tables["feedback"] != 2 || d.Tables["heads"] != 1 {
			t.Errorf("it holds %v", d.Tables)
		}
		onBoth(t, func(t *testing.T, to Options) {
			furnish(t, to) // what is there before goes
			if to.Address == "" {
				to.Folder = t.TempDir()
			}
			l, err := Load(t.Context(), to, strings.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // again changes nothing
				if err := Adopt(t.Context(), to); err != nil {
					t.Fatal(err)
				}
			}
			again, _ := dump(t, to)
			if !slices.Equal(sorted(again), sorted(text)) || l.Tables["usage"] != d.Tables["usage"] {
				t.Errorf("it came out as\n%s\nwant\n%s", again, text)
			}
			more := open(t, to) // it is kept on
			more.Record(t.Context(), answered())
			settled(t, more)
		})
	})
}

// What was erased since stays erased; what came after the erasure stays.
func TestLoadErased(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		furnish(t, o)
		text, _ := dump(t, o)
		l := open(t, o)
		if _, err := l.EraseFeedback(t.Context(), "moh", feedback.Whose{Person: "айгүл"}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		erased, err := Erasures(t.Context(), o)
		if err != nil || len(erased) != 1 {
			t.Fatalf("erased are %v, %v", erased, err)
		}
		if o.Address == "" {
			o.Folder = t.TempDir()
		}
		got, err := Load(t.Context(), o, strings.NewReader(text), erased)
		if err != nil || got.Erased != 1 || got.Tables["feedback"] != 1 {
			t.Fatalf("restored %+v, %v", got, err)
		}
		if err := Adopt(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		after, d := dump(t, o)
		if strings.Contains(after, "айгүл") || !strings.Contains(after, "бакыт") || d.Tables["erased"] != 1 {
			t.Errorf("restored:\n%s", after)
		}
		old := []Erasure{{whoHash("moh", "person", "бакыт"), micros(before.Add(-time.Hour))}}
		if o.Address == "" {
			o.Folder = t.TempDir()
		}
		if got, err := Load(t.Context(), o, strings.NewReader(text), old); err != nil || got.Erased != 0 {
			t.Errorf("of an erasure before it was said: %+v, %v", got, err)
		}
	})
}

// Nothing is between what waits and what is there, while both change.
func TestDumpWhileWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan int)
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				_ = l.PutFeedback(context.Background(), said(fmt.Sprint(n), "сөз", noon))
			}
			done <- n
		}()
		for range 5 {
			time.Sleep(50 * time.Millisecond)
			given := l.countFeedback(t)
			var waits bytes.Buffer
			if _, err := Pending(o.Folder, &waits); err != nil {
				t.Fatal(err)
			}
			text, _ := dump(t, o)
			to := Options{Folder: t.TempDir(), Log: o.Log}
			if err := PutPending(to.Folder, &waits); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(t.Context(), to, strings.NewReader(text), nil); err != nil {
				t.Fatal(err)
			}
			copied := open(t, to)
			settled(t, copied)
			if n := copied.countFeedback(t); n < given {
				t.Errorf("%d are copied, %d were there", n, given)
			}
			if err := copied.Close(); err != nil {
				t.Fatal(err)
			}
			if left, _ := filepath.Glob(filepath.Join(to.Folder, spillFolder, "*"+spillEnd)); len(left) > 0 {
				t.Errorf("left are %v", left)
			}
		}
		if used, err := InUse(o.Folder); err != nil || !used {
			t.Errorf("it is in use: %v, %v", used, err)
		}
		stop()
		<-done
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if used, err := InUse(o.Folder); err != nil || used {
			t.Errorf("it is in use still: %v, %v", used, err)
		}
	})
}

func (l *Ledger) countFeedback(t testing.TB) int {
	t.Helper()
	list, err := l.ListFeedback(t.Context(), feedback.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Every copy that is not whole, or of a later Tilgate, is refused and says so.
func TestLoadRefuses(t *testing.T) {
	o := options(t)
	furnish(t, o)
	text, _ := dump(t, o)
	lines := strings.SplitAfter(text, "\n")
	firstRow := lines[slices.IndexFunc(lines, func(l string) bool { return l[0] == '[' })]
	for name, tt := range map[string]struct {
		text, says string
		kind       fault.Kind
	}{
		"nothing":            {"", "no copy of a ledger", fault.Invalid},
		"cut off":            {strings.Join(lines[:len(lines)-2], ""), "ends early", fault.Invalid},
		"a row is missing":   {strings.Replace(text, firstRow, "", 1), "rows, not the", fault.Invalid},
		"a later format":     {strings.Replace(text, `"format":1`, `"format":9`, 1), "a later Tilgate", fault.Unsupported},
		"a later schema":     {strings.Replace(text, `"schema":`, `"schema":9`, 1), "a later Tilgate", fault.Unsupported},
		"a table of no name": {strings.Replace(text, `"table":"usage"`, `"table":"usage; --"`, 1), "has no place here", fault.Invalid},
		"a wide row":         {strings.Replace(text, "\n[", "\n[1,", 1), "columns", fault.Invalid},
		"a value of no kind": {lines[0] + lines[1] + `{"table":"writers","columns":["id","seq","at"]}` + "\n[{},1,1]\n", "no column has", fault.Invalid},
		"no JSON":            {lines[0] + "nonsense", "ends early", fault.Invalid},
	} {
		if tt.text == text {
			t.Fatalf("%s: the case changes nothing", name)
		}
		to := Options{Folder: t.TempDir(), Log: o.Log}
		if _, err := Load(t.Context(), to, strings.NewReader(tt.text), nil); !tt.kind.Is(err) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

// A copy of an older schema is brought up to date.
func TestLoadOlder(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		head, _ := json.Marshal(dumpHead{1, 1})
		text := string(head) + "\n" + `{"table":"heads","columns":["chain","n","hash","at"]}` + "\n" + `["x",3,"ab",5]` + "\n" + `{"rows":1}` + "\n"
		if _, err := Load(t.Context(), o, strings.NewReader(text), nil); err != nil {
			t.Fatal(err)
		}
		if err := Adopt(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		r, err := Read(t.Context(), o) // takes today's schema alone
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if h, ok, err := r.Head(t.Context(), "x"); err != nil || !ok || h.N != 3 {
			t.Errorf("%+v, %v", h, err)
		}
	})
}

// A table from which people are erased says by what.
func TestErasable(t *testing.T) {
	o := options(t)
	furnish(t, o)
	db, err := openStore(o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for table, columns := range erasable {
		for column := range columns {
			if _, err := db.ExecContext(t.Context(), "SELECT tenant, at, "+column+" FROM "+table); err != nil {
				t.Errorf("%s: %v", table, err)
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	o := options(f)
	furnish(f, o)
	text, _ := dump(f, o)
	f.Add([]byte(text))
	f.Add([]byte(`{"format":1,"schema":1}` + "\n" + `{"rows":0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		to := Options{Folder: t.TempDir(), Log: o.Log}
		if _, err := Load(t.Context(), to, bytes.NewReader(data), nil); err != nil {
			return
		}
		if _, err := os.Stat(to.file()); err != nil {
			t.Error(err)
		}
		r, err := Read(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	})
}
