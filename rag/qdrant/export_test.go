package qdrant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

func export(t testing.TB, x *Index, kb string, since *Snapshot) (Content, []byte) {
	t.Helper()
	var b bytes.Buffer
	c, err := x.Export(t.Context(), kb, since, &b)
	if err != nil {
		t.Fatal(err)
	}
	return c, b.Bytes()
}

func snapshot(t testing.TB, streams ...[]byte) *Snapshot {
	t.Helper()
	s := &Snapshot{}
	for _, data := range streams {
		if err := s.Read(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func importInto(t testing.TB, x *Index, state string, data []byte) *Imported {
	t.Helper()
	m, err := x.Import(t.Context(), Import{KB: "desk", State: state, From: bytes.NewReader(data)})
	if err == nil {
		err = ShowAll(t.Context(), m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestExport(t *testing.T) {
	from := full(t)
	c, data := export(t, from, "desk", nil)
	if c.Passages != 2*copied+2 || c.Put != c.Passages || c.Base != "" || !slices.Equal(c.Langs, []lang.Tag{"ky", "ur"}) {
		t.Errorf("exported %+v", c)
	}
	if _, again := export(t, from, "desk", nil); !bytes.Equal(again, data) {
		t.Error("the same state gives other bytes")
	}
	to, _ := open(t)
	if m := importInto(t, to, c.State, data); m.Version != 1 || m.Written != c.Passages || m.Same {
		t.Errorf("imported %+v", m)
	}
	wantCopy(t, from, to, 1)
	if _, back := export(t, to, "desk", nil); !bytes.Equal(back, data) {
		t.Error("exported where it was imported, it is another")
	}
	if m := importInto(t, to, c.State, data); !m.Same || m.Version != 1 {
		t.Errorf("imported twice: %+v", m)
	}
}

// TestExportSince: only what differs travels, and only onto what it differs
// from.
func TestExportSince(t *testing.T) {
	from := full(t)
	first, whole := export(t, from, "desk", nil)
	if c, data := export(t, from, "desk", snapshot(t, whole)); len(data) > 0 || c.State != first.State {
		t.Errorf("nothing has changed, yet %+v in %d bytes", c, len(data))
	}
	upsert(t, from, "desk", water, doc("ky", "article-004", "h2", "Жаңы текст.")) // article-004 had two passages
	for key, keep := range map[rag.Key]string{{Lang: "ky", Doc: "article-007"}: "", {Lang: "ky", Doc: "article-004"}: "h2"} {
		if err := from.Forget(t.Context(), "desk", key, keep); err != nil {
			t.Fatal(err)
		}
	}
	c, changes := export(t, from, "desk", snapshot(t, whole))
	if c.Put != 2 || c.Removed != 3 || c.Base != first.State || c.Passages != first.Passages-2 || len(changes) > 5000 {
		t.Errorf("changes: %+v in %d bytes", c, len(changes))
	}
	after, err := from.Snapshot(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	if s := snapshot(t, whole, changes); !reflect.DeepEqual(s, after) || s.State() != c.State {
		t.Errorf("the two make %s, want %s", s.State(), after.State())
	}
	if got, want := after.Since(snapshot(t, whole)), (Changes{Added: 1, Changed: 1, Removed: 3, Same: first.Passages - 4}); got != want {
		t.Errorf("changed are %+v, want %+v", got, want)
	}

	to, _ := open(t)
	refused := func(what string) {
		t.Helper()
		_, err := to.Import(t.Context(), Import{KB: "desk", State: c.State, From: bytes.NewReader(changes)})
		if !fault.Invalid.Is(err) || !strings.Contains(err.Error(), "whole") {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("changes of what is not here")
	importInto(t, to, first.State, whole)
	if m := importInto(t, to, c.State, changes); m.Version != 2 || m.Written != 2 {
		t.Errorf("the changes: %+v", m)
	}
	wantCopy(t, from, to, 2)
	if m := importInto(t, to, c.State, changes); !m.Same {
		t.Errorf("the changes again: %+v", m)
	}
	upsert(t, to, "desk", doc("ky", "own", "o", "Жергиликтүү барак."))
	refused("changes of what is different here")
	if err := new(Snapshot).Read(bytes.NewReader(changes)); err == nil {
		t.Error("changes of nothing are read")
	}
}

// TestImportElsewhere: whose the passages are, and what they are called, is
// decided where they come to.
func TestImportElsewhere(t *testing.T) {
	from := full(t)
	c, data := export(t, from, "desk", nil)
	store, _ := open(t)
	moh := (&Store{store.shared}).For("moh")
	m, err := moh.Import(t.Context(), Import{KB: "laws", State: c.State, From: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	if err := ShowAll(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, moh, "laws"); !reflect.DeepEqual(got, stored(t, from, "desk")) {
		t.Errorf("%d documents", len(got))
	}
	if kbs, err := store.KBs(t.Context()); err != nil || len(kbs) != 0 {
		t.Errorf("another tenant sees %q, %v", kbs, err)
	}
	// Ingested again, a document takes the place of what was imported.
	if err := moh.Upsert(t.Context(), "laws", [][]rag.Passage{doc("ky", "article-002", "new", "Башка.", "Экинчи бөлүк.")}); err != nil {
		t.Fatal(err)
	}
	if d := stored(t, moh, "laws")[rag.Key{Lang: "ky", Doc: "article-002"}]; d.Passages != 2 || d.Hash != "new" {
		t.Errorf("ingested again: %+v", d)
	}
	// Changes fit, whatever the ids.
	upsert(t, from, "desk", doc("ky", "article-002", "new", "Башка.", "Экинчи бөлүк."))
	c2, changes := export(t, from, "desk", snapshot(t, data))
	if err := moh.Drop(t.Context(), "laws"); err != nil {
		t.Fatal(err)
	}
	for _, in := range []Import{{KB: "laws", State: c.State, From: bytes.NewReader(data)}, {KB: "laws", State: c2.State, From: bytes.NewReader(changes)}} {
		if m, err = moh.Import(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if err := ShowAll(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := stored(t, moh, "laws"); !reflect.DeepEqual(got, stored(t, from, "desk")) {
		t.Errorf("after the changes, %d documents", len(got))
	}
}

// TestImportKeep: what is not to be kept is never written.
func TestImportKeep(t *testing.T) {
	from := full(t)
	first, whole := export(t, from, "desk", nil)
	to, _ := open(t)
	keep := func(p rag.Passage) bool { return p.KB == "desk" && p.Doc != "article-003" }
	m, err := to.Import(t.Context(), Import{KB: "desk", State: first.State, From: bytes.NewReader(whole), Keep: keep})
	if err != nil || m.Dropped != 2 || m.Written != first.Passages-2 {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := ShowAll(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if _, there := stored(t, to, "desk")[rag.Key{Lang: "ky", Doc: "article-003"}]; there {
		t.Error("a document that was forgotten is here again")
	}
	// What was here already goes as well, when changes come.
	all, _ := open(t)
	importInto(t, all, first.State, whole)
	upsert(t, from, "desk", water, doc("ky", "article-003", "h3", "Кайра жазылды."))
	c, changes := export(t, from, "desk", snapshot(t, whole))
	m, err = all.Import(t.Context(), Import{KB: "desk", State: c.State, From: bytes.NewReader(changes), Keep: keep})
	if err != nil || m.Dropped != 2 || m.Written != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := ShowAll(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if _, there := stored(t, all, "desk")[rag.Key{Lang: "ky", Doc: "article-003"}]; there {
		t.Error("changes bring a document back")
	}
}

// TestImportCutOff: cut off anywhere, by the end of the stream or by who
// leaves, an import changes nothing and leaves nothing.
func TestImportCutOff(t *testing.T) {
	from := full(t)
	c, data := export(t, from, "desk", nil)
	to, _ := open(t)
	create(t, to, "desk", "ky")
	upsert(t, to, "desk", water)
	unchanged := func(what string) {
		t.Helper()
		names, err := to.client.ListCollections(t.Context())
		if err != nil || !slices.Equal(names, []string{"desk@1"}) {
			t.Errorf("%s: there are %q, %v", what, names, err)
		}
		if got := stored(t, to, "desk"); len(got) != 1 {
			t.Errorf("%s: %d documents", what, len(got))
		}
	}
	for _, n := range []int{0, 5, len(streamLine), len(streamLine) + 1, 100, len(data) / 3, len(data) / 2, len(data) - 100, len(data) - 1} {
		_, err := to.Import(t.Context(), Import{KB: "desk", State: c.State, From: bytes.NewReader(data[:n])})
		if !fault.Invalid.Is(err) {
			t.Errorf("ends after %d of %d bytes: %v", n, len(data), err)
		}
		unchanged(fmt.Sprintf("ends after %d of %d bytes", n, len(data)))
	}
	for _, at := range []int{1, 100, 200, 242} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := to.Import(ctx, Import{KB: "desk", State: c.State, From: bytes.NewReader(data), Progress: func(done int) {
			if done == at {
				cancel()
			}
		}})
		if cancel(); !fault.Canceled.Is(err) {
			t.Errorf("who leaves after %d passages hears %v", at, err)
		}
		unchanged(fmt.Sprintf("left after %d passages", at))
	}
	broken := errors.New("the stick was pulled out")
	_, err := to.Import(t.Context(), Import{KB: "desk", State: c.State, From: io.MultiReader(bytes.NewReader(data[:5000]), failing{broken})})
	if !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
	unchanged("a reader that fails")
	if _, err := to.Import(t.Context(), Import{KB: "desk", State: "1-00", From: bytes.NewReader(data)}); !fault.Invalid.Is(err) {
		t.Errorf("another state than was said: %v", err)
	}
	unchanged("another state than was said")
	m, err := to.Import(t.Context(), Import{KB: "desk", State: c.State, From: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	if got := stored(t, to, "desk"); len(got) != 1 {
		t.Errorf("before it is shown, %d documents are to be seen", len(got))
	}
	if err := m.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	unchanged("discarded")
	importInto(t, to, c.State, data)
	wantCopy(t, from, to, 2)
}

// TestShowAll: several knowledge bases are switched together.
func TestShowAll(t *testing.T) {
	from := full(t)
	c, data := export(t, from, "desk", nil)
	to, _ := open(t)
	create(t, to, "laws", "ky")
	var all []*Imported
	for _, kb := range []string{"desk", "laws"} {
		m, err := to.Import(t.Context(), Import{KB: kb, State: c.State, From: bytes.NewReader(data)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	if got := stored(t, to, "laws"); len(got) != 0 {
		t.Errorf("before they are shown, %d documents are to be seen", len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ShowAll(ctx, all...); !fault.Canceled.Is(err) {
		t.Errorf("who leaves hears %v", err)
	}
	if err := ShowAll(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	for kb, version := range map[string]int{"desk": 1, "laws": 2} {
		if n := numbers(t, to, kb); n[0] != -version || len(stored(t, to, kb)) != copied+2 {
			t.Errorf("%s: versions %v", kb, n)
		}
	}
}

// TestImportVerifies: what the store garbles is not shown.
func TestImportVerifies(t *testing.T) {
	c, data := export(t, full(t), "desk", nil)
	address, _ := serve(t, t.TempDir())
	host, port, _ := net.SplitHostPort(address)
	var n int
	fmt.Sscan(port, &n)
	for what, garble := range map[string]func(*qdrant.UpsertPoints){
		"a text":    func(u *qdrant.UpsertPoints) { u.Points[0].Payload["text"] = text("Бузулган.") },
		"a passage": func(u *qdrant.UpsertPoints) { u.Points = u.Points[1:] },
		"an id":     func(u *qdrant.UpsertPoints) { u.Points[0].Id = pointID("desk", rag.Passage{Doc: "x", Lang: "ky"}) },
	} {
		between := func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if u, ok := req.(*qdrant.UpsertPoints); ok {
				garble(u)
			}
			return invoke(ctx, method, req, reply, conn, opts...)
		}
		client, err := qdrant.NewClient(&qdrant.Config{Host: host, Port: n, SkipCompatibilityCheck: true,
			GrpcOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(between)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(client, Options{}).For("").Import(t.Context(), Import{KB: "desk", State: c.State, From: bytes.NewReader(data)}); !fault.Internal.Is(err) {
			t.Errorf("%s is garbled: %v", what, err)
		}
		if left, err := client.ListCollections(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("%s is garbled: left is %q, %v", what, left, err)
		}
		client.Close()
	}
}

func TestPreview(t *testing.T) {
	from := full(t)
	first, whole := export(t, from, "desk", nil)
	upsert(t, from, "desk", water, doc("ky", "article-004", "h2", "Жаңы текст.", "Экинчи бөлүк."))
	c, changes := export(t, from, "desk", snapshot(t, whole))
	to, _ := open(t)
	all := 2*copied + 2
	for _, tt := range []struct {
		name   string
		state  string
		data   []byte
		here   []byte // imported before
		before string // its state
		want   Changes
	}{
		{"all is new", first.State, whole, nil, "", Changes{Added: all}},
		{"all is here", first.State, whole, whole, first.State, Changes{Same: all}},
		{"changes", c.State, changes, whole, first.State, Changes{Added: 1, Changed: 2, Same: all - 2}},
		{"changes that are here", c.State, changes, changes, c.State, Changes{Same: all + 1}},
		{"back to the first", first.State, whole, changes, c.State, Changes{Changed: 2, Removed: 1, Same: all - 2}},
	} {
		if tt.here != nil {
			importInto(t, to, tt.before, tt.here)
		}
		got, err := to.Preview(t.Context(), Import{KB: "desk", State: tt.state, From: bytes.NewReader(tt.data)})
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// stream writes frames by hand.
func stream(room string, frames ...[]byte) []byte {
	out := appendFrame([]byte(streamLine), frameRoom, []byte(room))
	return append(out, bytes.Join(frames, nil)...)
}

func pointFrame(kind byte, change func(record)) []byte {
	r := record{payload: map[string]*qdrant.Value{"doc": text("a"), "lang": text("ky"), "n": qdrant.NewValueInt(0)},
		vectors: map[string]*qdrant.Vector{"lex_ky": qdrant.NewVectorSparse([]uint32{1}, []float32{1})}}
	if change != nil {
		change(r)
	}
	return appendFrame(nil, kind, r.append(nil))
}

// TestStreamHostile: each of these is refused before anything of it is stored.
func TestStreamHostile(t *testing.T) {
	well := `{"languages":["ky"],"model":"m","dimension":2}`
	end := appendFrame(nil, frameEnd, []byte(`{"languages":["ky"],"passages":1,"state":"x","put":1,"removed":0}`))
	point := func(change func(record)) []byte { return stream(well, pointFrame(framePoint, change), end) }
	vector := func(name string, v *qdrant.Vector) []byte {
		return point(func(r record) { clear(r.vectors); r.vectors[name] = v })
	}
	value := func(name string, v *qdrant.Value) []byte { return point(func(r record) { r.payload[name] = v }) }
	deep := text("x")
	for range 20 {
		deep = qdrant.NewValueFromList(deep)
	}
	many := make([]*qdrant.Value, 5000)
	for i := range many {
		many[i] = qdrant.NewValueNull()
	}
	read := func(data []byte) error {
		p, err := newPointReader(bytes.NewReader(data))
		for err == nil {
			_, err = p.next()
		}
		return err
	}
	if err := read(point(nil)); !errors.Is(err, io.EOF) {
		t.Fatalf("a good one: %v", err)
	}
	for name, data := range map[string][]byte{
		"another beginning":         []byte("PK\x03\x04"),
		"no room":                   append([]byte(streamLine), end...),
		"a room that is a list":     stream(`[]`, end),
		"an unknown key":            stream(`{"languages":["ky"],"run":"sh"}`, end),
		"two rooms":                 stream(well+well, end),
		"languages out of order":    stream(`{"languages":["ur","ky"]}`, end),
		"no language":               stream(`{"languages":["../x"]}`, end),
		"a vector without end":      stream(`{"languages":["ky"],"model":"m","dimension":1000000000}`, end),
		"a frame of another kind":   stream(well, appendFrame(nil, 'X', nil), end),
		"a passage without end":     stream(well, []byte{framePoint, 0xff, 0xff, 0xff, 0xff, 0x7f}),
		"something goes from all":   stream(well, pointFrame(frameRemove, func(r record) { clear(r.vectors) }), end),
		"what goes says more":       stream(`{"languages":["ky"],"base":"0-0"}`, pointFrame(frameRemove, nil), end),
		"fewer than it says":        stream(well, end),
		"something behind the end":  append(point(nil), 0),
		"no end":                    stream(well, pointFrame(framePoint, nil)),
		"somebody else's":           value(tenantKey, text("moh")),
		"a tag that is none":        value("lang", text("ky/../..")),
		"of no document":            value("doc", text("")),
		"a number below nothing":    value("n", qdrant.NewValueInt(-1)),
		"no UTF-8":                  value("text", text("\xff")),
		"nested":                    value("x", deep),
		"very many values":          value("x", qdrant.NewValueFromList(many...)),
		"a vector of another size":  vector("dense", qdrant.NewVectorDense([]float32{1})),
		"a vector of nobody":        vector("other", qdrant.NewVectorDense([]float32{1, 2})),
		"another language's vector": vector("lex_ur", qdrant.NewVectorSparse([]uint32{1}, []float32{1})),
		"no number":                 vector("lex_ky", qdrant.NewVectorSparse([]uint32{1}, []float32{float32(nan())})),
		"a term twice":              vector("lex_ky", qdrant.NewVectorSparse([]uint32{1, 1}, []float32{1, 2})),
	} {
		if err := read(data); !fault.Invalid.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nan() float64 { var zero float64; return zero / zero }

// TestRecord: a record holds what it was made of, of every kind.
func TestRecord(t *testing.T) {
	want := record{
		payload: map[string]*qdrant.Value{"text": text("Суу акысы"), "n": qdrant.NewValueInt(-7), "share": qdrant.NewValueDouble(.5), "yes": qdrant.NewValueBool(true),
			"no": qdrant.NewValueBool(false), "nothing": qdrant.NewValueNull(), "list": qdrant.NewValueFromList(text("a"), qdrant.NewValueInt(1<<62)),
			"more": qdrant.NewValueStruct(&qdrant.Struct{Fields: map[string]*qdrant.Value{"b": text(""), "a": qdrant.NewValueInt(0)}})},
		vectors: map[string]*qdrant.Vector{"dense": qdrant.NewVectorDense([]float32{1, -2}), "lex_ky": qdrant.NewVectorSparse([]uint32{9, 3}, []float32{.9, .3}), "lex_ur": qdrant.NewVectorSparse(nil, nil)},
	}
	data := want.append(nil)
	got, err := parseRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(want.payload)
	b, _ := json.Marshal(got.payload)
	if !bytes.Equal(a, b) || got.payload["n"].GetIntegerValue() != -7 || got.payload["share"].GetDoubleValue() != .5 {
		t.Errorf("payload %s, want %s", b, a)
	}
	if s := got.vectors["lex_ky"].GetSparse(); !slices.Equal(s.GetIndices(), []uint32{3, 9}) || !slices.Equal(s.GetValues(), []float32{.3, .9}) || len(got.vectors) != 3 {
		t.Errorf("vectors %v", got.vectors)
	}
	for i := range data {
		if _, err := parseRecord(data[:i]); err == nil {
			t.Errorf("a record of %d of %d bytes is read", i, len(data))
		}
	}
}

// FuzzRecord: what is read is what was written, and nothing else is read.
func FuzzRecord(f *testing.F) {
	kinds := record{payload: map[string]*qdrant.Value{"a": qdrant.NewValueFromList(text("x"), qdrant.NewValueInt(-1), qdrant.NewValueDouble(1), qdrant.NewValueBool(true), qdrant.NewValueNull())},
		vectors: map[string]*qdrant.Vector{"d": qdrant.NewVectorDense([]float32{1}), "s": qdrant.NewVectorSparse([]uint32{1, 2}, []float32{1, 2})}}
	f.Add(kinds.append(nil))
	f.Add(record{}.append(nil))
	f.Add([]byte{1, 1, 'a', 'l', 1, 'l', 1, 'l', 1, 'n', 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err == nil && !bytes.Equal(r.append(nil), data) {
			t.Errorf("%q is read as another", data)
		}
	})
}

// FuzzStream: whatever comes, reading it ends, and what is read could be stored.
func FuzzStream(f *testing.F) {
	end := appendFrame(nil, frameEnd, []byte(`{"languages":["ky"],"passages":1,"state":"x","put":1,"removed":0}`))
	f.Add(stream(`{"languages":["ky"]}`, pointFrame(framePoint, nil), end))
	f.Add(stream(`{"languages":["ky"],"base":"0-0"}`, pointFrame(frameRemove, func(r record) { clear(r.vectors) }), end))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := newPointReader(bytes.NewReader(data))
		n := 0
		for ; err == nil; n++ {
			var got frame
			if got, err = p.next(); err == nil && (got.passage.Doc == "" || got.payload[tenantKey] != nil || got.passage.N < 0) {
				t.Errorf("read %+v", got.passage)
			}
		}
		if errors.Is(err, io.EOF) && p.end.Put+p.end.Removed != n-1 {
			t.Errorf("%d frames, the end says %+v", n-1, p.end)
		}
		_ = (&Snapshot{}).Read(bytes.NewReader(data)) // ends
	})
}

func benchStream(b *testing.B) (*Index, Content, []byte) {
	b.Helper()
	x, _ := open(b)
	create(b, x, "desk", "ky")
	var docs [][]rag.Passage
	for i := range 5000 {
		docs = append(docs, doc("ky", fmt.Sprint("doc-", i), "h", strings.Repeat(fmt.Sprintf("Айылдын %d-көчөсүндөгү суу эсептегичи быйыл алмаштырылат. ", i), 8)))
	}
	upsert(b, x, "desk", docs...)
	c, data := export(b, x, "desk", nil)
	return x, c, data
}

func BenchmarkExport(b *testing.B) {
	x, c, data := benchStream(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := x.Export(b.Context(), "desk", nil, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.Passages*b.N)/b.Elapsed().Seconds(), "passages/s")
}

func BenchmarkImport(b *testing.B) {
	_, c, data := benchStream(b)
	to, _ := open(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		m, err := to.Import(b.Context(), Import{KB: "desk", State: c.State, From: bytes.NewReader(data)})
		if err == nil {
			err = m.Discard(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.Passages*b.N)/b.Elapsed().Seconds(), "passages/s")
}
