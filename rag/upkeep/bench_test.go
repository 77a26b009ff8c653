package upkeep

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tilgate/internal/lang"
	"tilgate/internal/personal"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
	"tilgate/rag/read/html"
	"tilgate/rag/read/plain"
	"tilgate/rag/sources"
)

var stems = strings.Fields(`бала мектеп суу жер салык төлөм күбөлүк паспорт дарыгер эмдөө жол көпүрө айыл шаар кызмат мөөнөт
	документ арыз кабыл каттоо пенсия жардам үй-бүлө эне ата окуу китеп базар соода завод талаа малчы эгин түшүм`)

var endings = strings.Fields(`нын га ны да дан лар ларга лардын дагы чы луу сыз ча`)

// article makes a text of so many sentences that hardly repeat themselves.
func article(r *rand.Rand, sentences int) string {
	var b strings.Builder
	for range sentences {
		for w := range 9 {
			if w > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(stems[r.IntN(len(stems))])
			b.WriteString(endings[r.IntN(len(endings))])
		}
		fmt.Fprintf(&b, " %d-беренеге ылайык. Арыз", r.IntN(1000)) // the next sentence begins with a capital
	}
	return b.String()
}

// folder writes n documents of about three passages, half of them as HTML.
func folder(b *testing.B, n int) (dir string, docs []rag.Document) {
	b.Helper()
	dir = b.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		sub := filepath.Join(dir, "docs", fmt.Sprint(i/1000))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		text := article(r, 36)
		name, page := fmt.Sprintf("%d.txt", i), text
		if i%2 == 1 {
			name = fmt.Sprintf("%d.html", i)
			page = fmt.Sprintf("<!doctype html><html lang=ky><head><title>Макала %d</title><style>p{margin:0}</style></head><body><nav><a href=/>Башкы</a> <a href=/x>Бөлүм</a></nav><main><h1>Макала %d</h1><p>%s</p></main></body></html>", i, i, text)
		}
		path := filepath.Join(sub, name)
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			b.Fatal(err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			b.Fatal(err)
		}
		docs = append(docs, rag.Document{ID: name, Title: fmt.Sprintf("Макала %d", i), Lang: "ky", Text: text})
	}
	return dir, docs
}

func readersOf(sources.Source) read.Readers {
	return read.Readers{".txt": plain.Text(), ".html": html.New()}
}

func manifestOf(b *testing.B, dir, kb string) sources.Manifest {
	b.Helper()
	file := filepath.Join(dir, kb+".toml")
	if err := os.WriteFile(file, []byte("name = \""+kb+"\"\n[[source]]\npath = \"docs\"\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	m, err := sources.ReadManifest(file)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkIngest reads, judges, splits, analyses and stores files of text and
// HTML, and beside it stores the same passages ready made: ratio is what of the
// store's own passages per second is left, measured turn by turn.
func BenchmarkIngest(b *testing.B) {
	const n = 2000
	dir, docs := folder(b, n)
	var ready [][]rag.Passage
	for _, d := range docs {
		ready = append(ready, rag.Split(d))
	}
	_, client := enginetest.Open(b)
	store := qdrant.New(client, qdrant.Options{})
	x := store.For("")
	finder, err := personal.New([]string{"KG"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var whole, alone, wholeCPU, aloneCPU time.Duration
	passages, run := 0, 0
	for b.Loop() {
		run++
		kb := fmt.Sprintf("own%d", run)
		if err := x.Create(b.Context(), kb, []lang.Tag{"ky"}); err != nil {
			b.Fatal(err)
		}
		start, cpu := time.Now(), used()
		storeAll(b, x, kb, ready)
		alone, aloneCPU = alone+time.Since(start), aloneCPU+used()-cpu

		kb = fmt.Sprintf("kb%d", run)
		j := Job{Manifest: manifestOf(b, dir, kb), Index: x, Reader: readersOf, Langs: []lang.Tag{"ky"}, Data: b.TempDir(), Personal: finder}
		start, cpu = time.Now(), used()
		o, err := j.Run(b.Context())
		whole, wholeCPU = whole+time.Since(start), wholeCPU+used()-cpu
		if err != nil || o.Report.Added != n || len(o.Report.Faults) != 0 {
			b.Fatal(o.Report, err)
		}
		passages += o.Report.Passages
		for _, kb := range []string{fmt.Sprintf("own%d", run), kb} {
			if err := x.Drop(b.Context(), kb); err != nil {
				b.Fatal(err)
			}
		}
	}
	own := 0
	for _, ps := range ready {
		own += len(ps)
	}
	ingested, stored := float64(passages)/whole.Seconds(), float64(own*run)/alone.Seconds()
	b.ReportMetric(ingested, "passages/s")
	b.ReportMetric(stored, "stored/s")
	b.ReportMetric(ingested/stored, "ratio")
	b.ReportMetric(aloneCPU.Seconds()/wholeCPU.Seconds()*float64(passages)/float64(own*run), "ratio-of-cpu") // when others use the machine too
}

// used returns the processor time of the program so far.
func used() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// storeAll stores documents as ingest does: three batches at a time.
func storeAll(b *testing.B, x *qdrant.Index, kb string, docs [][]rag.Passage) {
	b.Helper()
	const batch = 80 // of about 250 passages
	work, failed := make(chan [][]rag.Passage), make(chan error, 3)
	for range 3 {
		go func() {
			var err error
			for docs := range work {
				if e := x.Upsert(b.Context(), kb, docs); e != nil {
					err = e
				}
			}
			failed <- err
		}()
	}
	for at := 0; at < len(docs); at += batch {
		work <- docs[at:min(len(docs), at+batch)]
	}
	close(work)
	for range 3 {
		if err := <-failed; err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResync syncs a source of 100,000 documents in which nothing has
// changed, a file each.
func BenchmarkResync(b *testing.B) {
	const n = 100_000
	dir := b.TempDir()
	old := time.Now().Add(-time.Hour)
	for i := range n {
		sub := filepath.Join(dir, "docs", fmt.Sprint(i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(sub, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		path := filepath.Join(sub, fmt.Sprintf("%d.txt", i))
		if err := os.WriteFile(path, []byte(fmt.Sprintf("Бул %d-документ, анда суу жана жер салыгы жөнүндө айтылат.", i)), 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			b.Fatal(err)
		}
	}
	_, client := enginetest.Open(b)
	j := Job{Manifest: manifestOf(b, dir, "desk"), Index: qdrant.New(client, qdrant.Options{}).For(""), Reader: readersOf,
		Langs: []lang.Tag{"ky"}, Data: b.TempDir(), Sync: true}
	j.Manifest.Sources[0].Lang = "ky"
	o, err := j.Run(b.Context())
	if err != nil || o.Report.Added != n {
		b.Fatal(o.Report, err)
	}
	for b.Loop() {
		o, err := j.Run(b.Context())
		if err != nil || o.Report.Unchanged != n || o.Report.Added+o.Report.Changed+o.Report.Removed != 0 {
			b.Fatal(o.Report, err)
		}
	}
}
