package bundle

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tilgate/internal/fault"
)

// tinyProgram writes what looks like a program: the head of one, and 60 bytes.
func tinyProgram(t testing.TB) string {
	t.Helper()
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_AARCH64), Version: 1, Ehsize: 64, Phentsize: 56, Shentsize: 64}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	b.WriteString(fmt.Sprintf("%60d", 1))
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, b.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeProgram(t testing.TB, program string) string {
	t.Helper()
	path, h := filepath.Join(t.TempDir(), "site.tilgate"), head
	h.Program, h.Needs = program, []Need{{Model: "qwen3:8b"}}
	if _, err := Write(path, h, secret, sources()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProgram: a bundle begins with the program that it carries, may be run as
// it, and is read all the same.
func TestProgram(t *testing.T) {
	program := tinyProgram(t)
	want, _ := os.ReadFile(program)
	path := writeProgram(t, program)
	whole, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(whole, want) {
		t.Fatalf("it does not begin with the program: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("it cannot be run: %v", info.Mode())
	}
	m, all, err := contents(t.Context(), path)
	if err != nil || m.Program.Arch != "arm64" || len(all) != len(sources()) || m.Needs[0].Model != "qwen3:8b" {
		t.Fatalf("%+v, %v", m, err)
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got, err := io.ReadAll(b.OpenProgram()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the program is not what was packed: %v", err)
	}
	// The program of one bundle goes into the next without what is behind it.
	again, err := os.ReadFile(writeProgram(t, path))
	if err != nil || !bytes.Equal(again, whole) {
		t.Errorf("of a bundle that is run, more than the program was taken: %d bytes, not %d", len(again), len(whole))
	}
	for path, carries := range map[string]bool{path: true, program: false, write(t, sources()...): false, filepath.Join(t.TempDir(), "none"): false} {
		if Carries(path) != carries {
			t.Errorf("Carries(%s) is %t", filepath.Base(path), !carries)
		}
	}
}

// TestProgramChanged: with any byte another, or fewer, or more, it is refused.
func TestProgramChanged(t *testing.T) {
	whole, err := os.ReadFile(writeProgram(t, tinyProgram(t)))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, data []byte) {
		t.Helper()
		b := &Bundle{path: "changed.tilgate", file: bytes.NewReader(data), size: int64(len(data))}
		err := b.read()
		if err == nil {
			err = b.Verify(t.Context())
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
	at := int(binary.BigEndian.Uint64(whole[len(whole)-8:]))
	refused("without its program", whole[at:len(whole)-trailerSize])
	refused("after a byte", slices.Concat([]byte{0}, whole))
	refused("a byte more before the bundle", slices.Concat(whole[:at], []byte{0}, whole[at:]))
	refused("a byte more after it", slices.Concat(whole[:len(whole)-trailerSize], []byte{0}, whole[len(whole)-trailerSize:]))
}

// TestNoProgram: what is no program is not put in front.
func TestNoProgram(t *testing.T) {
	script := filepath.Join(t.TempDir(), "run")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho no\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{script, t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		path, h := filepath.Join(t.TempDir(), "site.tilgate"), head
		h.Program = program
		if _, err := Write(path, h, secret, sources()); err == nil {
			t.Errorf("%s was taken", program)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: something was written", program)
		}
	}
}
