package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/sign"
)

var (
	secret = sign.NewSecret()
	head   = Head{Name: "Борбор, 2026-жыл", Created: time.Date(2026, 11, 27, 9, 30, 0, 0, time.UTC)}
)

func file(kind Kind, name, path, text string) Source {
	return Source{Kind: kind, Name: name, File: path, Fill: func(w io.Writer) (*Knowledge, error) {
		_, err := io.WriteString(w, text)
		return nil, err
	}}
}

func sources() []Source {
	desk := file(KB, "desk", "", "passages")
	desk.Fill = func(w io.Writer) (*Knowledge, error) {
		_, err := io.WriteString(w, "Аялдар 58 жашында пенсияга чыгышат.")
		return &Knowledge{Langs: []lang.Tag{"ky"}, Passages: 1, Put: 1, State: "1-ab"}, err
	}
	return []Source{
		file(Suite, "exams", "ky.jsonl", strings.Repeat("{}\n", 2000)),
		file(Languages, "ky", "ky.toml", `tag = "ky"`),
		file(Languages, "ky", "ky/glossary.tsv", ""), // nothing is a content too
		desk,
	}
}

func write(t testing.TB, sources ...Source) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.tilgate")
	if _, err := Write(path, head, secret, sources); err != nil {
		t.Fatal(err)
	}
	return path
}

// contents reads all of a bundle, as who imports it does.
func contents(ctx context.Context, path string) (Manifest, map[string]string, error) {
	b, err := Open(path)
	if err != nil {
		return Manifest{}, nil, err
	}
	defer b.Close()
	return b.contents(ctx)
}

func (b *Bundle) contents(ctx context.Context) (Manifest, map[string]string, error) {
	if err := b.Verify(ctx); err != nil {
		return Manifest{}, nil, err
	}
	all := map[string]string{}
	for _, p := range b.Parts {
		r, err := b.Unpack(ctx, p)
		if err != nil {
			return Manifest{}, nil, err
		}
		text, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return Manifest{}, nil, err
		}
		all[p.ID()] = string(text)
	}
	return b.Manifest, all, nil
}

func TestWrite(t *testing.T) {
	path := write(t, sources()...)
	m, all, err := contents(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"kb desk":                       "Аялдар 58 жашында пенсияга чыгышат.",
		"languages ky: ky.toml":         `tag = "ky"`,
		"languages ky: ky/glossary.tsv": "",
		"suite exams: ky.jsonl":         strings.Repeat("{}\n", 2000),
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("read %q", all)
	}
	if m.Name != head.Name || !m.Created.Equal(head.Created) || len(m.Of(Languages)) != 2 || m.Of(KB)[0].Knowledge.Passages != 1 {
		t.Errorf("the manifest says %+v", m)
	}
	again, turned := write(t, sources()...), sources()
	turned[0], turned[3] = turned[3], turned[0]
	first, _ := os.ReadFile(path)
	for _, other := range []string{again, write(t, turned...)} {
		if data, err := os.ReadFile(other); err != nil || !bytes.Equal(data, first) {
			t.Errorf("the same contents give other bytes, %v", err)
		}
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if !b.Key.Equal(secret.Key()) {
		t.Errorf("signed by %s, want %s", b.Key, secret.Key())
	}
	if _, err := b.Unpack(t.Context(), Part{Kind: Suite, Name: "nowhere", File: "x"}); !fault.NotFound.Is(err) {
		t.Errorf("a part that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("who leaves hears %v", err)
	}
	r, err := b.Unpack(ctx, b.Parts[0])
	if err == nil {
		_, err = io.ReadAll(r)
		r.Close()
	}
	if !errors.Is(err, context.Canceled) || !fault.Canceled.Is(err) {
		t.Errorf("who leaves while it is unpacked hears %v", err)
	}
}

// TestWriteFails: what cannot be written whole leaves nothing.
func TestWriteFails(t *testing.T) {
	full := errors.New("no space left on device")
	with := func(s Source, fill func(io.Writer) (*Knowledge, error)) Source { s.Fill = fill; return s }
	for name, tt := range map[string]struct {
		sources []Source
		says    string
	}{
		"nothing":                   {nil, "nothing to carry"},
		"all unchanged":             {[]Source{with(file(Suite, "a", "b", ""), func(io.Writer) (*Knowledge, error) { return nil, ErrUnchanged })}, "all is as it was"},
		"a full disk":               {append(sources(), with(file(Suite, "a", "b", ""), func(io.Writer) (*Knowledge, error) { return nil, full })), "packing suite a: b: no space left"},
		"two of a name":             {append(sources(), sources()[0]), "twice"},
		"a language as both":        {append(sources(), file(Adapter, "ky", "ky.toml", "x")), "have its name"},
		"written, then unchanged":   {[]Source{with(file(Suite, "a", "b", ""), func(w io.Writer) (*Knowledge, error) { w.Write([]byte("x")); return nil, ErrUnchanged })}, "said to be unchanged"},
		"a knowledge base of files": {[]Source{file(KB, "desk", "", "")}, "has no file"},
	} {
		dir := t.TempDir()
		if _, err := Write(filepath.Join(dir, "x.tilgate"), head, secret, tt.sources); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
	path := filepath.Join(t.TempDir(), "x.tilgate")
	m, err := Write(path, head, secret, append(sources(), with(file(Suite, "a", "b", ""), func(io.Writer) (*Knowledge, error) { return nil, ErrUnchanged })))
	if err != nil || len(m.Parts) != len(sources()) {
		t.Errorf("one of several is unchanged: %d parts, %v", len(m.Parts), err)
	}
}

// TestChanged: a file in which any byte is another, or that ends anywhere
// else, is refused before a part of it is unpacked.
func TestChanged(t *testing.T) {
	whole, err := os.ReadFile(write(t, sources()...))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, data []byte) {
		t.Helper()
		b := &Bundle{path: "changed.tilgate", file: bytes.NewReader(data), size: int64(len(data))}
		err := b.read()
		if err == nil {
			if err = b.Verify(t.Context()); err != nil && !strings.Contains(err.Error(), b.path) {
				t.Errorf("%s: %v does not say where", what, err)
			}
		}
		if !fault.Invalid.Is(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range whole {
		data := bytes.Clone(whole)
		data[i] ^= 1 << rand.IntN(8)
		refused(fmt.Sprintf("byte %d of %d is changed", i, len(whole)), data)
		refused(fmt.Sprintf("it ends after %d of %d bytes", i, len(whole)), whole[:i])
	}
	refused("a byte more", append(bytes.Clone(whole), 0))
	refused("the bundle twice", append(bytes.Clone(whole), whole...))
}

// forge signs a manifest that Write would not write, over a body.
func forge(t testing.TB, m Manifest, body []byte) string {
	t.Helper()
	manifest, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return forgeRaw(t, manifest, body)
}

func forgeRaw(t testing.TB, manifest, body []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "forged.tilgate")
	if err := os.WriteFile(path, slices.Concat(headOf(manifest, secret), body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestHostile: what somebody signs who means no good.
func TestHostile(t *testing.T) {
	path := write(t, sources()...)
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	whole, _ := os.ReadFile(path)
	body := whole[b.body:]
	program := Program{OS: "linux", Arch: "amd64", Size: 1, SHA256: strings.Repeat("0", 64)}
	part := func(i int, change func(*Part)) func(*Manifest) { return func(m *Manifest) { change(&m.Parts[i]) } }
	fileOf := func(name string) func(*Manifest) { return part(3, func(p *Part) { p.File = name }) }
	nameOf := func(name string) func(*Manifest) { return part(3, func(p *Part) { p.Name = name }) }
	for name, change := range map[string]func(*Manifest){
		"up and away":               fileOf("../../etc/passwd"),
		"up in the middle":          fileOf("a/../../b"),
		"from the root":             fileOf("/etc/passwd"),
		"a folder of Windows":       fileOf(`a\b`),
		"a drive of Windows":        fileOf("C:b"),
		"a device of Windows":       fileOf("nul.txt"),
		"another":                   fileOf("LPT1"),
		"hidden":                    fileOf(".ssh"),
		"hidden deeper":             fileOf("a/.ssh"),
		"a stop at the end":         fileOf("a./b"),
		"a space at the end":        fileOf("a /b"),
		"a zero byte":               fileOf("a\x00b"),
		"a line":                    fileOf("a\nb"),
		"colours of the terminal":   nameOf("a\x1b[31m"),
		"text turned around":        nameOf("a\u202egnp.exe"),
		"no UTF-8":                  nameOf("a\xff"),
		"no name":                   nameOf(""),
		"no file":                   fileOf(""),
		"a name without end":        nameOf(strings.Repeat("а", 101)),
		"deep folders":              fileOf(strings.Repeat("a/", 8) + "b"),
		"a kind that is none":       part(3, func(p *Part) { p.Kind = "weights" }),
		"a size below nothing":      part(3, func(p *Part) { p.Size = -1 }),
		"a size beyond all":         part(3, func(p *Part) { p.Size = 1 << 62 }),
		"packed beyond all":         part(3, func(p *Part) { p.Packed = 1 << 62 }),
		"more parts than body":      part(3, func(p *Part) { p.Packed++ }),
		"no digest":                 part(3, func(p *Part) { p.SHA256 = "" }),
		"a state that is a screen":  part(0, func(p *Part) { p.Knowledge.State = "\x1b[2J" }),
		"a language that is none":   part(0, func(p *Part) { p.Knowledge.Langs[0] = "\x1b" }),
		"no state":                  part(0, func(p *Part) { p.Knowledge = nil }),
		"of a part twice":           part(3, func(p *Part) { p.Kind, p.Name, p.File = Languages, "ky", "ky/glossary.tsv" }),
		"out of order":              func(m *Manifest) { m.Parts[0], m.Parts[1] = m.Parts[1], m.Parts[0] },
		"the same in capitals":      part(3, func(p *Part) { p.Kind, p.Name, p.File = Languages, "ky", "ky/Glossary.tsv" }),
		"a file as a folder":        part(3, func(p *Part) { p.Kind, p.Name, p.File = Languages, "ky", "ky/glossary.tsv/x" }),
		"another format":            func(m *Manifest) { m.Format = 0 },
		"no parts":                  func(m *Manifest) { m.Parts, m.Body.Size = nil, 0 },
		"a name of two lines":       func(m *Manifest) { m.Name = "a\nb" },
		"a digest that is none":     func(m *Manifest) { m.Since = "x" },
		"a program that is nowhere": func(m *Manifest) { m.Format, m.Program = 2, &program },
		"a need of two lines":       func(m *Manifest) { m.Format, m.Needs = 2, []Need{{Model: "a\nb"}} },
		"a need twice":              func(m *Manifest) { m.Format, m.Needs = 2, []Need{{Model: "a"}, {Model: "a"}} },
		"a need that is no digest":  func(m *Manifest) { m.Format, m.Needs = 2, []Need{{Model: "a", Digest: "b"}} },
		"a format too late":         func(m *Manifest) { m.Format = 2 },
		"a format too early":        func(m *Manifest) { m.Needs = []Need{{Model: "a"}} },
		"a backup of a program":     func(m *Manifest) { m.Format, m.Backup, m.Program = 2, true, &program },
	} {
		m := b.Manifest
		m.Parts = slices.Clone(m.Parts)
		k := *m.Parts[0].Knowledge
		k.Langs = slices.Clone(k.Langs)
		m.Parts[0].Knowledge = &k
		change(&m)
		if b, err := Open(forge(t, m, body)); !fault.Invalid.Is(err) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				b.Close()
			}
		}
	}
	later := b.Manifest
	later.Format = Format + 1
	if _, err := Open(forge(t, later, body)); !fault.Unsupported.Is(err) {
		t.Errorf("a later format: %v", err)
	}
	manifest, _ := b.encode()
	for name, text := range map[string]string{
		"a name twice":    strings.Replace(string(manifest), `{"format":1`, `{"format":1,"Format":1`, 1),
		"an unknown key":  strings.Replace(string(manifest), `{"format":1`, `{"format":1,"run":"sh"`, 1),
		"another spacing": strings.Replace(string(manifest), `,`, `, `, 1),
		"two of them":     string(manifest) + string(manifest),
		"no JSON":         "{",
	} {
		if _, err := Open(forgeRaw(t, []byte(text), body)); !fault.Invalid.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnpack: a content that is not what was declared ends in an error, and
// not one byte beyond the declared size is given out.
func TestUnpack(t *testing.T) {
	packer, err := zstd.NewWriter(nil, zstd.WithWindowSize(window))
	if err != nil {
		t.Fatal(err)
	}
	wide, err := zstd.NewWriter(nil, zstd.WithWindowSize(64<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("Сугат суусунун баасы 40 танга. ", 100)
	bomb := packer.EncodeAll(make([]byte, 32<<20), nil)
	honest := Part{Kind: Suite, Name: "a", File: "b", Size: int64(len(text)), SHA256: digestOf([]byte(text))}
	for _, tt := range []struct {
		name   string
		part   Part
		packed []byte
		says   string // empty: it is well
	}{
		{"as it is", honest, packer.EncodeAll([]byte(text), nil), ""},
		{"another text", honest, packer.EncodeAll(bytes.ToUpper([]byte(text)), nil), "SHA-256"},
		{"a shorter one", honest, packer.EncodeAll([]byte(text[:100]), nil), "it has 100 bytes"},
		{"a longer one", honest, packer.EncodeAll([]byte(text+"."), nil), "more than its"},
		{"a bomb", honest, bomb, "more than its"},
		{"a window that takes memory", honest, wide.EncodeAll([]byte(strings.Repeat(text, 20_000)), nil), "not what the manifest"},
		{"cut off", honest, packer.EncodeAll([]byte(text), nil)[:20], "cannot be unpacked"},
		{"no packed bytes", honest, []byte(text), "cannot be unpacked"},
	} {
		r, err := unpack(tt.part, bytes.NewReader(tt.packed))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if int64(len(got)) > tt.part.Size {
			t.Errorf("%s: %d bytes are given out", tt.name, len(got))
		}
		if tt.says == "" && (err != nil || string(got) != text) || tt.says != "" && (!fault.Invalid.Is(err) || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
	}
}

// FuzzOpen: whatever a file holds, reading it ends; what is read is what the
// signer said.
func FuzzOpen(f *testing.F) {
	path := write(f, sources()...)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, true)
	f.Add(whole[:200], false)
	runs, err := os.ReadFile(writeProgram(f, tinyProgram(f)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(runs, false)
	b, err := Open(path)
	if err != nil {
		f.Fatal(err)
	}
	manifest, _ := b.encode()
	b.Close()
	f.Add(manifest, true)
	f.Add([]byte(`{"format":1,"name":"a","created":"2026-11-27T00:00:00Z","body":{"size":1,"sha256":""},"parts":[{"kind":"suite","name":"..","file":"../x"}]}`), true)
	f.Fuzz(func(t *testing.T, data []byte, forged bool) {
		if forged { // a manifest of a signer that means no good
			data = slices.Concat(headOf(data, secret), whole[b.body:])
		}
		got := &Bundle{file: bytes.NewReader(data), size: int64(len(data))}
		if err := got.read(); err != nil {
			return
		}
		m, all, err := got.contents(t.Context())
		if err != nil {
			return
		}
		if err := m.check(); err != nil {
			t.Errorf("read all the same: %v", err)
		}
		for _, p := range m.Parts {
			if p.Kind != KB && !filepath.IsLocal(filepath.FromSlash(p.place())) || digestOf([]byte(all[p.ID()])) != p.SHA256 {
				t.Errorf("%s holds what it should not", p.ID())
			}
		}
	})
}

// BenchmarkVerify is of 64 MB that pack badly, as weights do.
func BenchmarkVerify(b *testing.B) {
	data := make([]byte, 64<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	path := write(b, file(Suite, "a", "b", string(data)))
	bundle, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer bundle.Close()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := bundle.Verify(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite is of 16 MB of text.
func BenchmarkWrite(b *testing.B) {
	text := strings.Repeat("Айылдын көчөсүндөгү суу эсептегичи быйыл алмаштырылат. ", 16<<20/100)
	path := filepath.Join(b.TempDir(), "x.tilgate")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Write(path, head, secret, []Source{file(Suite, "a", "b", text)}); err != nil {
			b.Fatal(err)
		}
	}
}
