package bundle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
	"tilgate/internal/sign"
	"tilgate/internal/wholefile"
)

// A Source is a part that is to go into a bundle.
type Source struct {
	Kind Kind
	Name string
	File string
	// Fill writes its content, the same for the same content. It may return
	// ErrUnchanged to leave the part out; for a knowledge base it says what it wrote.
	Fill func(io.Writer) (*Knowledge, error)
	// Again is how often Fill is called once more if it returns ErrAgain.
	Again int
	Aside string // folder in which a part that may be filled again lies meanwhile
}

// ErrUnchanged is what a Fill returns for a part that the bundle need not carry.
var ErrUnchanged = errors.New("the part is as it was")

// ErrAgain is what a Fill returns that could not read one state of its part: what
// it wrote is thrown away.
var ErrAgain = errors.New("the part changed while it was read")

// Head is what a bundle is called.
type Head struct {
	Name    string
	Created time.Time
	Since   string // Digest of the bundle that it goes on from, if it does
	Backup  bool
	Program string // path of the program that it carries, if it does
	Needs   []Need
}

// Write writes a bundle, whole or not at all. While it is written there is
// twice its size in its folder. With a program it is one that can be run.
func Write(path string, h Head, secret sign.Secret, sources []Source) (m Manifest, err error) {
	program, err := openProgram(h.Program)
	if err != nil {
		return m, err
	}
	defer program.close()
	write := wholefile.Write
	if program.file != nil {
		write = wholefile.Program
	}
	_, err = write(path, func(w io.Writer) (err error) {
		if err := program.copyTo(w); err != nil {
			return err
		}
		if m, err = pack(w, filepath.Dir(path), h, program.about, secret, sources); err != nil {
			return err
		}
		return program.end(w)
	})
	return m, err
}

// Pack writes a bundle without a program to w. Until all of it is packed it lies
// in a file of folder that has no name and that nobody else can read, even after
// a power cut.
func Pack(w io.Writer, folder string, h Head, secret sign.Secret, sources []Source) (Manifest, error) {
	return pack(w, folder, h, nil, secret, sources)
}

func pack(w io.Writer, folder string, h Head, program *Program, secret sign.Secret, sources []Source) (Manifest, error) {
	body, err := newScratch(folder)
	if err != nil {
		return Manifest{}, err
	}
	defer body.close()
	m := Manifest{Backup: h.Backup, Name: h.Name, Created: h.Created.UTC().Truncate(time.Second), Since: h.Since,
		Program: program, Needs: h.Needs, Parts: []Part{}}
	if err := m.fill(body, sources); err != nil {
		return Manifest{}, err
	}
	m.Format = m.format()
	if len(m.Parts) == 0 && program == nil {
		return Manifest{}, fault.Invalid.Errorf("there is nothing to carry: all is as it was")
	}
	head, err := m.head(secret)
	if err != nil {
		return Manifest{}, err
	}
	if _, err := w.Write(head); err != nil {
		return Manifest{}, err
	}
	return m, body.copyTo(w)
}

// head is what stands before the body.
func (m Manifest) head(secret sign.Secret) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	manifest, err := m.encode()
	if err != nil {
		return nil, err
	}
	return headOf(manifest, secret), nil
}

func headOf(manifest []byte, secret sign.Secret) []byte {
	head := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(manifest)))
	return slices.Concat(head, manifest, secret.Key().Bytes(), secret.Sign(signed, manifest))
}

// fill packs the sources into the body, in order.
func (m *Manifest) fill(body io.Writer, sources []Source) error {
	sources = slices.Clone(sources)
	slices.SortFunc(sources, func(a, b Source) int { return compareParts(a.part(), b.part()) })
	whole := &counter{w: body, hash: sha256.New()}
	for _, s := range sources {
		p, err := s.packAgain(whole)
		if errors.Is(err, ErrUnchanged) {
			continue
		}
		if err != nil {
			return fmt.Errorf("packing %s: %w", p.ID(), err)
		}
		m.Parts = append(m.Parts, p)
	}
	m.Body = Body{Size: whole.n, SHA256: whole.digest()}
	return nil
}

func (s Source) part() Part { return Part{Kind: s.Kind, Name: s.Name, File: s.File} }

// packAgain writes one part, aside first if it may take several tries.
func (s Source) packAgain(body *counter) (Part, error) {
	if s.Again == 0 {
		return s.pack(body)
	}
	for try := 0; ; try++ {
		p, err := s.packAside(body)
		if !errors.Is(err, ErrAgain) || try == s.Again {
			return p, err
		}
	}
}

func (s Source) packAside(body *counter) (Part, error) {
	aside, err := newScratch(s.Aside)
	if err != nil {
		return s.part(), err
	}
	defer aside.close()
	p, err := s.pack(&counter{w: aside, hash: sha256.New()})
	if err != nil {
		return p, err
	}
	return p, aside.copyTo(body)
}

// pack writes one part. One that is unchanged must say so before it writes.
func (s Source) pack(body *counter) (Part, error) {
	p, before := s.part(), body.n
	// One worker and one level: the same content gives the same bytes.
	packer, err := zstd.NewWriter(body, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithZeroFrames(true))
	if err != nil {
		return p, err
	}
	plain := &counter{w: packer, hash: sha256.New()}
	if p.Knowledge, err = s.Fill(plain); err != nil {
		if errors.Is(err, ErrUnchanged) && plain.n > 0 {
			err = fault.Internal.Errorf("it was written, and then said to be unchanged")
		}
		return p, err
	}
	if err := packer.Close(); err != nil {
		return p, err
	}
	p.Size, p.SHA256, p.Packed = plain.n, plain.digest(), body.n-before
	return p, nil
}

// A counter passes on what is written, and knows how much and what it was.
type counter struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (c *counter) Write(data []byte) (int, error) {
	n, err := c.w.Write(data)
	c.hash.Write(data[:n])
	c.n += int64(n)
	return n, err
}

func (c *counter) digest() string { return hex.EncodeToString(c.hash.Sum(nil)) }
