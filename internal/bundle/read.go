package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
	"tilgate/internal/sign"
)

// window is how far back packed bytes may point: the memory that unpacking
// takes.
const window = 4 << 20

// A Bundle is an open file. Its manifest was signed by Key, whoever that is;
// what it holds is not looked at before Verify.
type Bundle struct {
	Manifest
	Digest string   // of the manifest, and so of everything
	Key    sign.Key // of who signed it

	path string
	file io.ReaderAt
	size int64
	at   int64 // where the bundle begins, after the program
	end  int64 // where it ends
	body int64 // where that begins
}

// Open reads what is in a bundle, and checks that its signer said so. Close
// must be called. A backup is refused.
func Open(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var b *Bundle
		if b, err = open(path, f, info.Size()); err == nil && b.Backup {
			err = fault.Invalid.Errorf("%s is a backup: tilgate restore reads it", path)
		}
		if err == nil {
			return b, nil
		}
	}
	f.Close()
	return nil, err
}

// OpenBackup reads what is in a backup, of which path is the name. Close closes
// file if it can be closed.
func OpenBackup(path string, file io.ReaderAt, size int64) (*Bundle, error) {
	b, err := open(path, file, size)
	if err == nil && !b.Backup {
		return nil, fault.Invalid.Errorf("%s is no backup: tilgate bundle import reads it", path)
	}
	return b, err
}

func open(path string, file io.ReaderAt, size int64) (*Bundle, error) {
	b := &Bundle{path: path, file: file, size: size}
	if err := b.read(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return b, nil
}

// Close closes the file.
func (b *Bundle) Close() error {
	if c, ok := b.file.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (b *Bundle) read() (err error) {
	if b.at, b.end, err = span(b.file, b.size); err != nil {
		return err
	}
	manifest, key, signature, err := readHead(io.NewSectionReader(b.file, b.at, b.end-b.at))
	if err != nil {
		return err
	}
	if !sign.Verify(signed, manifest, signature, key) {
		return fault.Invalid.Errorf("the signature is not on what stands here: the file was changed since it was signed, or is damaged")
	}
	b.Key, b.Digest = key, digestOf(manifest)
	b.body = b.at + int64(len(magic)+4+len(manifest)+sign.KeySize+sign.SignatureSize)
	if b.Manifest, err = parse(manifest); err != nil {
		return err
	}
	if p := b.Program; p == nil && b.at > 0 || p != nil && p.Size != b.at {
		return fault.Invalid.Errorf("what stands before the bundle was not signed with it")
	}
	return nil
}

func readHead(r io.Reader) (manifest []byte, key sign.Key, signature []byte, err error) {
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte(magic)) {
		return nil, key, nil, fault.Invalid.Errorf("this is no bundle of Tilgate, nor a backup, which begin with %q", signed)
	}
	n := binary.BigEndian.Uint32(head[len(magic):])
	if n > maxManifest {
		return nil, key, nil, fault.Invalid.Errorf("its manifest has %d bytes, %d are possible: the file is damaged", n, maxManifest)
	}
	rest := make([]byte, int(n)+sign.KeySize+sign.SignatureSize)
	if _, err := io.ReadFull(r, rest); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fault.Invalid.Errorf("the file ends within its manifest: it was cut off")
		}
		return nil, key, nil, err
	}
	key, err = sign.KeyOf(rest[n : n+sign.KeySize])
	return rest[:n], key, rest[n+sign.KeySize:], err
}

// Verify reads the file to its end, and reports whether it is what was signed:
// every byte of it, and not one more.
func (b *Bundle) Verify(ctx context.Context) error {
	switch over := b.end - b.body - b.Body.Size; {
	case over < 0:
		return fault.Invalid.Errorf("%s is cut off: it lacks %d bytes at its end", b.path, -over)
	case over > 0:
		return fault.Invalid.Errorf("%s has %d bytes more than were signed", b.path, over)
	}
	if err := b.same(ctx, b.body, b.Body.Size, b.Body.SHA256, "its content"); err != nil || b.Program == nil {
		return err
	}
	return b.same(ctx, 0, b.Program.Size, b.Program.SHA256, "the program before it")
}

func (b *Bundle) same(ctx context.Context, at, size int64, sum, what string) error {
	whole := sha256.New()
	if _, err := io.Copy(whole, &canceled{ctx, io.NewSectionReader(b.file, at, size)}); err != nil {
		return fmt.Errorf("reading bundle %s: %w", b.path, err)
	}
	if hex.EncodeToString(whole.Sum(nil)) != sum {
		return fault.Invalid.Errorf("%s is not what was signed: %s was changed, or is damaged", b.path, what)
	}
	return nil
}

// Unpack returns the content of one of the parts. A content that is not as the
// manifest says, in length or in any byte, ends in an error in place of EOF:
// until then nothing is sure about it. Reading ends with ctx.
func (b *Bundle) Unpack(ctx context.Context, p Part) (io.ReadCloser, error) {
	at := b.body
	for _, q := range b.Parts {
		if compareParts(p, q) == 0 {
			return unpack(q, &canceled{ctx, io.NewSectionReader(b.file, at, q.Packed)})
		}
		at += q.Packed
	}
	return nil, fault.NotFound.Errorf("there is no %s in the bundle", p.ID())
}

func unpack(p Part, packed io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window),
		zstd.WithDecoderMaxMemory(uint64(max(p.Size, window))))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", p.ID(), err)
	}
	return &unpacking{part: p, from: d, hash: sha256.New()}, nil
}

// unpacking reads a part, no further than the manifest says.
type unpacking struct {
	part Part
	from *zstd.Decoder
	hash hash.Hash
	n    int64
}

func (u *unpacking) Close() error {
	u.from.Close()
	return nil
}

func (u *unpacking) Read(into []byte) (int, error) {
	n, err := u.from.Read(into)
	if room := u.part.Size - u.n; int64(n) > room {
		return int(room), u.wrong("it has more than its %d bytes", u.part.Size)
	}
	u.hash.Write(into[:n])
	u.n += int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return n, err
	case !errors.Is(err, io.EOF):
		return n, u.wrong("it cannot be unpacked: %w", err)
	case u.n < u.part.Size:
		return n, u.wrong("it has %d bytes, not %d", u.n, u.part.Size)
	case hex.EncodeToString(u.hash.Sum(nil)) != u.part.SHA256:
		return n, u.wrong("its SHA-256 is not the one that was signed")
	}
	return n, io.EOF
}

func (u *unpacking) wrong(format string, args ...any) error {
	return fault.Invalid.Wrap(fmt.Errorf(format, args...), u.part.ID()+" is not what the manifest of the bundle says")
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// canceled ends a reading with its context.
type canceled struct {
	ctx  context.Context
	from io.Reader
}

func (c *canceled) Read(into []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(into)
}
