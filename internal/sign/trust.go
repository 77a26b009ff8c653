package sign

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

// A Use is what a key may be trusted for.
type Use string

// The uses.
const (
	Verdicts Use = "verdicts" // on adapters, which put weights into service
	Bundles  Use = "bundles"  // of knowledge, languages and adapters, which may be imported
)

// Uses are all that there are.
var Uses = []Use{Verdicts, Bundles}

// A Trusted is a key whose signatures count, whose it is, and on what.
type Trusted struct {
	Name  string    `toml:"name" json:"name"`
	Key   Key       `toml:"key" json:"key"`
	For   []Use     `toml:"for,omitempty" json:"for"` // empty in a file means verdicts
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
	for i, k := range t.Keys {
		if err == nil && (k.Key.IsZero() || k.Name == "") {
			err = errors.New("a [[key]] has no name or no key")
		}
		if err == nil {
			err = checkUses(k.For)
		}
		if len(k.For) == 0 {
			t.Keys[i].For = []Use{Verdicts}
		}
	}
	if err != nil {
		return Trust{}, fmt.Errorf("reading the trusted keys in %s: %w", path, err)
	}
	return t, nil
}

func checkUses(uses []Use) error {
	for _, u := range uses {
		if !slices.Contains(Uses, u) {
			return fault.Invalid.Errorf("a key is trusted for %q; it can be for %v", u, Uses)
		}
	}
	return nil
}

// Write writes the file.
func (t Trust) Write(path string) error {
	_, err := wholefile.Write(path, func(w io.Writer) error { return toml.NewEncoder(w).Encode(t) })
	return err
}

// Add trusts a key for some uses. One that is there under the same name is
// trusted for these as well.
func (t *Trust) Add(name string, k Key, now time.Time, uses ...Use) error {
	name = strings.TrimSpace(name)
	if name == "" || k.IsZero() {
		return fault.Invalid.Errorf("a trusted key has a name, and is written as tgv-…")
	}
	if len(uses) == 0 {
		return fault.Invalid.Errorf("a key is trusted for something: %v", Uses)
	}
	if err := checkUses(uses); err != nil {
		return err
	}
	for i, old := range t.Keys {
		switch same := old.Key.Equal(k); {
		case same && old.Name == name && !containsAll(old.For, uses):
			t.Keys[i].For = union(old.For, uses)
			return nil
		case same:
			return fault.Invalid.Errorf("this key is trusted already, as %q", old.Name)
		case old.Name == name:
			return fault.Invalid.Errorf("the name %q is another key's; remove that first, or choose another name", name)
		}
	}
	t.Keys = append(t.Keys, Trusted{name, k, union(nil, uses), now.UTC().Truncate(time.Second)})
	return nil
}

func containsAll(have, uses []Use) bool { return len(union(have, uses)) == len(have) }

// union returns uses in the order of Uses.
func union(a, b []Use) []Use {
	var all []Use
	for _, u := range Uses {
		if slices.Contains(a, u) || slices.Contains(b, u) {
			all = append(all, u)
		}
	}
	return all
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

// KeysFor returns the keys that are trusted for a use.
func (t Trust) KeysFor(use Use) []Key {
	var keys []Key
	for _, k := range t.Keys {
		if slices.Contains(k.For, use) {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

// Whose returns the entry of a key, if there is one.
func (t Trust) Whose(k Key) (Trusted, bool) {
	i := slices.IndexFunc(t.Keys, func(have Trusted) bool { return have.Key.Equal(k) })
	if i < 0 {
		return Trusted{}, false
	}
	return t.Keys[i], true
}
