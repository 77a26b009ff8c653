package suites

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"tilgate/internal/wholefile"
)

const sealTable = "\n[sha256]\n"

// Seal writes the digests of a suite's files to the end of its suite.toml, in
// place of those that stand there. It returns how many files there are. A
// suite with a fault is not sealed.
func Seal(dir string) (files int, err error) {
	r := reader{dir: os.DirFS(dir), digests: map[string]string{}}
	if _, _, faults := r.suite(); faults != nil {
		return 0, errors.Join(faults...)
	}
	path := filepath.Join(dir, headFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	if i := bytes.Index(data, []byte(sealTable)); i >= 0 {
		data = data[:i]
	}
	out := bytes.NewBuffer(bytes.TrimRight(data, "\n"))
	fmt.Fprintf(out, "\n%s", sealTable)
	for _, name := range slices.Sorted(maps.Keys(r.digests)) {
		if name != headFile {
			fmt.Fprintf(out, "%q = %q\n", name, r.digests[name])
			files++
		}
	}
	_, err = wholefile.Write(path, func(w io.Writer) error {
		_, err := w.Write(out.Bytes())
		return err
	})
	return files, err
}
