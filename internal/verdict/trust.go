package verdict

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// A Trusted is a key whose verdicts count, and whose it is.
type Trusted struct {
	Name  string    `toml:"name" json:"name"`
	Key   Key       `toml:"key" json:"key"`
	Added time.Time `toml:"added" json:"added"`
}

// A Trust is the keys that are trusted: a file with nothing secret in it.
type Trust struct {
	Keys []Trusted `toml:"key" json:"keys"`
}

// ReadTrust reads a file of trusted keys. One that is not there trusts nobody.
func ReadTrust(path string) (Trust, error) {
	var t Trust
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	meta, err := toml.Decode(string(data), &t)
	if err == nil && len(meta.Undecoded()) > 0 {
		err = fmt.Errorf("there is no key %s", meta.Undecoded()[0])
	}
	for _, k := range t.Keys {
		if err == nil && (k.Key.public == nil || k.Name == "") {
			err = errors.New("a [[key]] has no name or no key")
		}
	}
	if err != nil {
		return Trust{}, fmt.Errorf("reading the trusted keys in %s: %w", path, err)
	}
	return t, nil
}

// Write writes the file.
func (t Trust) Write(path string) error {
	_, err := wholefile.Write(path, func(w io.Writer) error { return toml.NewEncoder(w).Encode(t) })
	return err
}

// Add trusts a key.
func (t *Trust) Add(name string, k Key, now time.Time) error {
	name = strings.TrimSpace(name)
	if name == "" || k.public == nil {
		return fault.Invalid.Errorf("a trusted key has a name, and is written as tgv-…")
	}
	for _, old := range t.Keys {
		if old.Name == name {
			return fault.Invalid.Errorf("the name %q is another key's; remove that first, or choose another name", name)
		}
		if old.Key.Equal(k) {
			return fault.Invalid.Errorf("this key is trusted already, as %q", old.Name)
		}
	}
	t.Keys = append(t.Keys, Trusted{name, k, now.UTC().Truncate(time.Second)})
	return nil
}

// Remove trusts a key no longer.
func (t *Trust) Remove(name string) error {
	before := len(t.Keys)
	t.Keys = slices.DeleteFunc(t.Keys, func(k Trusted) bool { return k.Name == name })
	if len(t.Keys) == before {
		return fault.NotFound.Errorf("no trusted key is named %q", name)
	}
	return nil
}

// All returns the keys.
func (t Trust) All() []Key {
	var keys []Key
	for _, k := range t.Keys {
		keys = append(keys, k.Key)
	}
	return keys
}
