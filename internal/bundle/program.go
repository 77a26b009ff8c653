package bundle

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"tilgate/internal/fault"
)

// programmed ends a file in which a program stands before the bundle; the length
// of the program follows it.
const programmed = "tilgate program 1\n"

const trailerSize = len(programmed) + 8

// span finds the bundle in a file: from its begin, or after a program.
func span(file io.ReaderAt, size int64) (at, end int64, err error) {
	if size < int64(trailerSize) {
		return 0, size, nil // readHead says what it lacks
	}
	begin := make([]byte, len(magic))
	if _, err := file.ReadAt(begin, 0); err != nil {
		return 0, 0, err
	}
	if string(begin) == magic {
		return 0, size, nil
	}
	trailer := make([]byte, trailerSize)
	end = size - int64(trailerSize)
	if _, err := file.ReadAt(trailer, end); err != nil {
		return 0, 0, err
	}
	n, ok := bytes.CutPrefix(trailer, []byte(programmed))
	if !ok {
		return 0, size, nil
	}
	length := binary.BigEndian.Uint64(n)
	if length == 0 || length > uint64(end) {
		return 0, 0, fault.Invalid.Errorf("its program has %d bytes, as it says, which is more than there are: the file is damaged", length)
	}
	return int64(length), end, nil
}

// Carries reports whether a file is a program with a bundle behind it.
func Carries(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	at, _, err := span(f, info.Size())
	return err == nil && at > 0
}

// OpenProgram returns the program that a bundle carries. What is read is what
// was signed only if Verify says so.
func (b *Bundle) OpenProgram() io.Reader {
	return io.NewSectionReader(b.file, 0, b.at)
}

// A programFile is a program that is to stand before a bundle; the zero one is
// none.
type programFile struct {
	about *Program
	file  *os.File
}

// openProgram looks at a program; of one that has a bundle behind it, only at
// itself.
func openProgram(path string) (*programFile, error) {
	if path == "" {
		return &programFile{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	p := &programFile{file: f}
	if p.about, err = describe(f); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// arches are GOARCH of what ELF calls otherwise.
var arches = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_RISCV: "riscv64", elf.EM_PPC64: "ppc64le", elf.EM_S390: "s390x"}

func describe(f *os.File) (*Program, error) {
	image, err := elf.NewFile(f)
	if err != nil || arches[image.Machine] == "" || image.Type != elf.ET_EXEC && image.Type != elf.ET_DYN {
		return nil, fault.Invalid.Errorf("%s is no program for Linux", f.Name())
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if at, _, err := span(f, size); err != nil {
		return nil, err
	} else if at > 0 {
		size = at
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size)); err != nil {
		return nil, err
	}
	return &Program{OS: "linux", Arch: arches[image.Machine], Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// copyTo writes the program, if it is still the same.
func (p *programFile) copyTo(w io.Writer) error {
	if p.file == nil {
		return nil
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), io.NewSectionReader(p.file, 0, p.about.Size))
	if err == nil && (n != p.about.Size || hex.EncodeToString(sum.Sum(nil)) != p.about.SHA256) {
		err = errors.New(p.file.Name() + " was changed while it was read")
	}
	return err
}

// end writes what the file ends with.
func (p *programFile) end(w io.Writer) error {
	if p.file == nil {
		return nil
	}
	_, err := w.Write(binary.BigEndian.AppendUint64([]byte(programmed), uint64(p.about.Size)))
	return err
}

func (p *programFile) close() {
	if p.file != nil {
		p.file.Close()
	}
}
