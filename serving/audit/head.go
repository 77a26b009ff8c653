package audit

import (
	"fmt"
	"os"
	"path/filepath"
)

const headFile = "head"

// text is how a head is written: always as long, so that it is written over
// the one before in one piece, which no kill leaves half done and a full disk
// does not hinder.
func (p place) text() []byte { return fmt.Appendf(nil, "%020d %s\n", p.n, p.hash) }

// writeHead notes where the chain has come to.
func (l *Log) writeHead() (err error) {
	if l.head == nil {
		if l.head, err = os.OpenFile(filepath.Join(l.folder, headFile), os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			l.head = nil
			return err
		}
	}
	_, err = l.head.WriteAt(l.at.text(), 0)
	return err
}

// Head returns how far the chain in a folder has come, as is noted beside it: the
// number and the hash of its last record.
func Head(folder string) (n int, hash Hash, ok bool) {
	at, ok := readHead(folder)
	return at.n, at.hash, ok
}

// readHead reads what writeHead wrote.
func readHead(folder string) (at place, ok bool) {
	text, err := os.ReadFile(filepath.Join(folder, headFile))
	if err != nil {
		return at, false
	}
	var hash string
	if _, err := fmt.Sscanf(string(text), "%d %s\n", &at.n, &hash); err != nil {
		return at, false
	}
	at.hash, err = ParseHash(hash)
	return at, err == nil
}
