package safezip

import (
	"archive/zip"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"tilgate/internal/fault"
)

// A gate lets only so many bytes through until it is open. The directory of an
// archive may be far longer than the number of entries that it admits to, and
// archive/zip keeps all of it.
type gate struct {
	io.ReaderAt
	left int64
	open bool
}

// directory is how many bytes may be read to find that many entries: an entry
// has 46 bytes, its name and seldom more, and the search for the directory's
// end takes two looks at the archive's last 65 KB.
func (l Limits) directory() int64 { return int64(l.Entries)*256 + 1<<20 }

var errLong = errors.New("the directory is too long")

func (g *gate) ReadAt(p []byte, at int64) (int, error) {
	if !g.open {
		if g.left -= int64(len(p)); g.left < 0 {
			return 0, errLong
		}
	}
	return g.ReaderAt.ReadAt(p, at)
}

func tooMany(limit int) error {
	return fault.TooLarge.Errorf("the zip file has more than %d entries", limit)
}

// broken gives an error of archive/zip a kind. Other errors are the disk's.
func broken(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errLong):
		return fault.TooLarge.Errorf("the directory of the zip file is too long")
	case errors.Is(err, zip.ErrFormat):
		return fault.Invalid.Errorf("it is no zip file, or not all of it is there")
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.As(err, &corrupt):
		return fault.Invalid.Wrap(err, "the zip file is damaged; fetch or pack it again")
	}
	return err
}

// nameOf returns the name of an entry in UTF-8 and without needless dots, or
// an error if it is one that no honest program writes.
func nameOf(f *zip.File) (string, error) {
	name := f.Name
	if !utf8.ValidString(name) {
		name = recoded(f)
	}
	drive := len(name) > 1 && name[1] == ':' && strings.ContainsAny(name[:1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if name == "" || name[0] == '/' || drive || strings.ContainsAny(name, "\\\x00") || slices.Contains(strings.Split(name, "/"), "..") {
		return "", fault.Invalid.Errorf("the zip file has an entry with the unsafe name %q; pack it again with plain relative names", name)
	}
	if strings.HasSuffix(name, "/") {
		return path.Clean(name) + "/", nil
	}
	return path.Clean(name), nil
}

// recoded returns the name of an entry that is not in UTF-8: what its field for
// that says (number 0x7075, of Info-ZIP), or else the name read in the code
// page of the first zip programs, in which every byte means something.
func recoded(f *zip.File) string {
	for extra := f.Extra; len(extra) >= 4; {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			break
		}
		field := extra[:n]
		extra = extra[n:]
		if id == 0x7075 && n > 5 && field[0] == 1 && binary.LittleEndian.Uint32(field[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) && utf8.Valid(field[5:]) {
			return string(field[5:])
		}
	}
	name, _ := charmap.CodePage437.NewDecoder().String(f.Name) // it has no way to fail
	return name
}

// apart reports entries whose bytes are another's as well, or are not in the
// archive: that is how a small archive holds more than any disk.
func apart(files []*zip.File, size int64) error {
	type span struct{ at, end int64 }
	spans := make([]span, 0, len(files))
	for _, f := range files {
		at, err := f.DataOffset()
		if err != nil {
			return broken(err)
		}
		if f.CompressedSize64 > uint64(max(size-at, 0)) {
			return fault.Invalid.Errorf("the zip file is damaged: %q does not end within it; fetch or pack it again", f.Name)
		}
		spans = append(spans, span{at, at + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.end, b.end)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].at < spans[i-1].end {
			return fault.Invalid.Errorf("entries of the zip file overlap, as in zip bombs; pack it again")
		}
	}
	return nil
}
