package bundle

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"io"
	"os"
)

// A scratch is a file for a while. What is in it is encrypted with a key that is
// in memory alone: a bundle may hold secrets that are encrypted in the end.
type scratch struct {
	file  *os.File
	block cipher.Block
	to    *bufio.Writer
}

func newScratch(folder string) (*scratch, error) {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(folder, ".packing-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // where it can lose its name, a kill leaves nothing
	s := &scratch{file: file, block: block}
	s.to = bufio.NewWriterSize(cipher.StreamWriter{S: s.stream(), W: file}, 1<<20)
	return s, nil
}

// stream begins anew at the beginning. The key is used for one file.
func (s *scratch) stream() cipher.Stream {
	return cipher.NewCTR(s.block, make([]byte, aes.BlockSize))
}

func (s *scratch) Write(data []byte) (int, error) { return s.to.Write(data) }

// copyTo writes out what was written to s.
func (s *scratch) copyTo(w io.Writer) error {
	if err := s.to.Flush(); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, cipher.StreamReader{S: s.stream(), R: bufio.NewReaderSize(s.file, 1<<20)})
	return err
}

func (s *scratch) close() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}
