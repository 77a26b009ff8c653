package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
)

var kills = flag.Int("kills", 8, "times that TestCrash kills its writer; a release wants 200")

// A deed is one request of the crash test's writer. The writer announces it,
// does it, and says so; what was said done must be there after the kill, and
// what was only announced must be there whole or not at all.
type deed struct {
	Seed   uint64
	Upsert []uint64 `json:",omitempty"`
	Delete []uint64 `json:",omitempty"`
	Word   string   `json:",omitempty"` // set on Upsert's ids, which exist
}

func (d deed) point(id uint64) remembered {
	r := rand.New(rand.NewPCG(d.Seed, id))
	p := remembered{word: words[r.IntN(len(words))], terms: map[uint32]float32{}, mean: []float32{1, float32(id), 1}}
	for range 5 + r.IntN(20) {
		p.terms[r.Uint32N(200)] = float32(1+r.IntN(8)) / 4
	}
	return p
}

func (d deed) apply(m memory) memory {
	m = maps.Clone(m)
	for _, id := range d.Upsert {
		if d.Word == "" {
			m[id] = d.point(id)
		} else if p, ok := m[id]; ok {
			p.word = d.Word
			m[id] = p
		}
	}
	for _, id := range d.Delete {
		delete(m, id)
	}
	return m
}

func (d deed) do(client *pb.Client) error {
	ctx := context.Background()
	ids := func(list []uint64) *pb.PointsSelector {
		var out []*pb.PointId
		for _, id := range list {
			out = append(out, pb.NewIDNum(id))
		}
		return pb.NewPointsSelectorIDs(out)
	}
	switch {
	case d.Delete != nil:
		return second(client.Delete(ctx, &pb.DeletePoints{CollectionName: "kb", Points: ids(d.Delete), Wait: pb.PtrOf(true)}))
	case d.Word != "":
		return second(client.SetPayload(ctx, &pb.SetPayloadPoints{CollectionName: "kb", PointsSelector: ids(d.Upsert),
			Payload: pb.NewValueMap(map[string]any{"word": d.Word}), Wait: pb.PtrOf(true)}))
	}
	var points []*pb.PointStruct
	for _, id := range d.Upsert {
		points = append(points, d.point(id).proto(id))
	}
	return second(client.Upsert(ctx, &pb.UpsertPoints{CollectionName: "kb", Points: points, Wait: pb.PtrOf(true)}))
}

func randomDeed(r *rand.Rand) deed {
	d := deed{Seed: r.Uint64()}
	some := func() (ids []uint64) {
		seen := map[uint64]bool{}
		for range 1 + r.IntN(15) {
			if id := 1 + r.Uint64N(300); !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		return ids
	}
	switch r.IntN(6) {
	case 0:
		d.Delete = some()
	case 1:
		d.Upsert, d.Word = some(), words[r.IntN(len(words))]
	default:
		d.Upsert = some()
	}
	return d
}

// TestCrashWriter is the process that TestCrash kills.
func TestCrashWriter(t *testing.T) {
	dir := os.Getenv("ENGINE_CRASH_DIR")
	if dir == "" {
		t.Skip("only as a process of TestCrash")
	}
	seed, _ := strconv.ParseUint(os.Getenv("ENGINE_CRASH_SEED"), 10, 64)
	e, err := Open(dir, crashOptions)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	client, err := e.Client()
	if err != nil {
		os.Exit(1)
	}
	fmt.Println("ready")
	for r := rand.New(rand.NewPCG(seed, 0)); ; {
		d := randomDeed(r)
		text, _ := json.Marshal(d)
		fmt.Println("doing", string(text))
		if err := d.do(client); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("done")
	}
}

var crashOptions = Options{sizes: mergeSizes{fanIn: 3, flushDocs: 30, heapDocs: 90, fileDocs: 500}, Log: slog.New(slog.DiscardHandler)}

// TestCrash kills a writer at random moments and compares what is left with
// what it was told.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	func() {
		e, client := openForCrash(t, dir)
		defer e.Close()
		defer client.Close()
		lexicon3(t, client)
	}()
	model := memory{}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for i := range *kills {
		var pending *deed
		model, pending = runAndKill(t, dir, model, r)
		model = compareAfterKill(t, dir, i, model, pending)
	}
	t.Logf("%d kills, %d points at the end", *kills, len(model))
}

func lexicon3(t *testing.T, client *pb.Client) {
	ctx := context.Background()
	err := client.CreateCollection(ctx, &pb.CreateCollection{
		CollectionName:      "kb",
		VectorsConfig:       pb.NewVectorsConfigMap(map[string]*pb.VectorParams{"mean": {Size: 3, Distance: pb.Distance_Cosine}}),
		SparseVectorsConfig: pb.NewSparseVectorsConfig(map[string]*pb.SparseVectorParams{"lex": {Modifier: pb.Modifier_Idf.Enum()}}),
	})
	if err == nil {
		_, err = client.CreateFieldIndex(ctx, &pb.CreateFieldIndexCollection{CollectionName: "kb", FieldName: "word", FieldType: pb.FieldType_FieldTypeKeyword.Enum()})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func openForCrash(t *testing.T, dir string) (*Engine, *pb.Client) {
	t.Helper()
	e, err := Open(dir, crashOptions)
	if err != nil {
		t.Fatal(err)
	}
	client, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	return e, client
}

// runAndKill lets a writer run for a moment. It returns the model with what
// the writer said was done, and the deed it was at.
func runAndKill(t *testing.T, dir string, model memory, r *rand.Rand) (memory, *deed) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), "ENGINE_CRASH_DIR="+dir, fmt.Sprint("ENGINE_CRASH_SEED=", r.Uint64()))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pending *deed
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		switch {
		case line == "ready":
			timer = time.AfterFunc(time.Duration(r.IntN(250))*time.Millisecond, func() { cmd.Process.Kill() })
			defer timer.Stop()
		case line == "done":
			model, pending = pending.apply(model), nil
		case len(line) > 6 && line[:6] == "doing ":
			pending = &deed{}
			if json.Unmarshal([]byte(line[6:]), pending) != nil {
				pending = nil // the kill cut the line short, before the deed began
			}
		case len(line) > 6 && line[:6] == "error ":
			t.Fatal(line)
		}
	}
	cmd.Wait()
	return model, pending
}

// compareAfterKill opens the folder and compares it with the model, with or
// without the deed that was under way; it returns the model that fits.
func compareAfterKill(t *testing.T, dir string, kill int, model memory, pending *deed) memory {
	t.Helper()
	e, client := openForCrash(t, dir)
	defer e.Close()
	defer client.Close()
	query := map[uint32]float32{3: 1, 50: 2, 120: 1, 199: 0.5}
	if pending != nil {
		if after := pending.apply(model); fits(client, after) {
			model = after
		}
	}
	checkModel(t, client, model, query)
	leftovers(t, e, kill)
	return model
}

type fitness struct{ failed bool }

func (f *fitness) Fatalf(string, ...any) { f.failed = true; panic(f) }

// fits reports whether the collection is what the model says.
func fits(client *pb.Client, m memory) bool {
	f := &fitness{}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(f) {
				panic(r)
			}
		}()
		checkModel(f, client, m, map[uint32]float32{1: 1})
	}()
	return !f.failed
}

// leftovers checks that a crash leaves no files that nothing lists.
func leftovers(t *testing.T, e *Engine, kill int) {
	t.Helper()
	for _, c := range e.collections {
		c.mu.RLock()
		known := 0
		for _, x := range c.sparse {
			for _, s := range x.segments {
				if s.file != "" {
					known++
				}
			}
		}
		busy := c.maintaining
		c.mu.RUnlock()
		files, err := filepath.Glob(filepath.Join(c.dir, "*"+segmentSuffix))
		if err != nil || (!busy && len(files) != known) {
			t.Errorf("kill %d: %d segment files, %d known, %v", kill, len(files), known, err)
		}
	}
}
