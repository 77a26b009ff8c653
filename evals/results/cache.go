package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"tilgate/evals"
)

// A Cache keeps answers of earlier runs in a file, a line each. Which server
// and which settings they came from is part of the name that a model has in
// it. It is safe for concurrent use; two programs may append to one file.
type Cache struct {
	scope   string
	mu      sync.Mutex
	file    *os.File
	answers map[string]evals.Answer
}

type cached struct {
	Key    string       `json:"key"`
	Answer evals.Answer `json:"answer"`
}

// OpenCache opens the cache in a file, which it makes if need be. scope tells
// apart what the digest of a case does not: the server and the seed.
func OpenCache(path, scope string) (*Cache, error) {
	c := &Cache{scope: scope, answers: map[string]evals.Answer{}}
	if err := c.load(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var err error
	c.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return c, err
}

// load reads what is there. A line that cannot be read was cut short by the
// end of a program, and is only an answer less.
func (c *Cache) load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		var one cached
		if json.Unmarshal(line, &one) == nil && one.Key != "" {
			c.answers[one.Key] = one.Answer
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

func (c *Cache) key(model, digest string) string { return c.scope + " " + model + " " + digest }

// Get returns the answer that a model gave to a case.
func (c *Cache) Get(model, digest string) (evals.Answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[c.key(model, digest)]
	return a, ok
}

// Put keeps an answer.
func (c *Cache) Put(model, digest string, a evals.Answer) error {
	key := c.key(model, digest)
	line, err := json.Marshal(cached{key, a})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[key] = a
	// The line end before it closes a line that another program left open.
	_, err = c.file.Write(append(append([]byte("\n"), line...), '\n'))
	return err
}

// Close closes the file.
func (c *Cache) Close() error { return c.file.Close() }
