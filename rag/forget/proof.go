package forget

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Proof says that nothing of a document is left in a folder.
type Proof struct {
	Pieces int      `json:"pieces"` // of its text that were looked for
	Files  int      `json:"files"`  // that were read
	Bytes  int64    `json:"bytes"`
	Left   []string `json:"left"` // files that hold one
}

// String tells the proof in a sentence.
func (p Proof) String() string {
	if len(p.Left) > 0 {
		return fmt.Sprintf("of %d pieces of its text, some are still in %s", p.Pieces, strings.Join(p.Left, ", "))
	}
	return fmt.Sprintf("none of %d pieces of its text is in the %d files of the data folder (%.1f MB)", p.Pieces, p.Files, float64(p.Bytes)/1e6)
}

// pieceBytes of a passage are looked for, from its middle: enough to be said
// nowhere else.
const pieceBytes = 48

// Prove reads all files of a folder and looks for pieces of texts.
func Prove(ctx context.Context, folder string, texts []string) (Proof, error) {
	pieces := piecesOf(texts)
	p := Proof{Pieces: len(pieces), Left: []string{}}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n, found, err := search(ctx, path, pieces)
		p.Files, p.Bytes = p.Files+1, p.Bytes+n
		if found {
			p.Left = append(p.Left, path)
		}
		return err
	})
	if err != nil {
		return p, fmt.Errorf("looking through %s: %w", folder, err)
	}
	return p, nil
}

func piecesOf(texts []string) map[string]bool {
	pieces := map[string]bool{}
	for _, text := range texts {
		from := max(0, (len(text)-pieceBytes)/2)
		if piece := text[from:min(len(text), from+pieceBytes)]; len(piece) >= 16 {
			pieces[piece] = true
		}
	}
	return pieces
}

// search reports whether a file holds a piece.
func search(ctx context.Context, path string, pieces map[string]bool) (n int64, found bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	w := newWanted(pieces)
	buf := make([]byte, 1<<20)
	kept := 0 // bytes of the part before, which a piece may begin in
	for {
		if ctx.Err() != nil {
			return n, found, ctx.Err()
		}
		m, err := f.Read(buf[kept:])
		n += int64(m)
		data := buf[:kept+m]
		found = found || w.in(data)
		if err == io.EOF {
			return n, found, nil
		}
		if err != nil {
			return n, found, err
		}
		kept = copy(buf, data[max(0, len(data)-pieceBytes):])
	}
}

// wanted finds pieces by their first bytes, all at once.
type wanted struct {
	begins [1 << 16]bool // by the first two bytes, which most places in a file are not
	heads  map[[8]byte][][]byte
}

func newWanted(pieces map[string]bool) *wanted {
	w := &wanted{heads: map[[8]byte][][]byte{}}
	for piece := range pieces {
		head := [8]byte([]byte(piece))
		w.begins[int(head[0])<<8|int(head[1])] = true
		w.heads[head] = append(w.heads[head], []byte(piece))
	}
	return w
}

func (w *wanted) in(data []byte) bool {
	for i := 0; i+8 <= len(data); i++ {
		if !w.begins[int(data[i])<<8|int(data[i+1])] {
			continue
		}
		for _, piece := range w.heads[[8]byte(data[i:i+8])] {
			if bytes.HasPrefix(data[i:], piece) {
				return true
			}
		}
	}
	return false
}
