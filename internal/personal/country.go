package personal

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"tilgate/internal/fault"
)

//go:embed countries/*.toml
var bundled embed.FS

//go:embed shared.toml
var sharedTOML string

// country is one file.
type country struct {
	Name    string   `toml:"name"`
	Calling string   `toml:"calling"` // code, after the +
	Trunk   string   `toml:"trunk"`   // what is dialled before a number inside the country; empty if nothing
	IBAN    int      `toml:"iban"`    // length of its IBANs; 0 if it has none
	Phone   []phones `toml:"phone"`
	ID      []rule   `toml:"id"`
}

// shared is what no country has of its own.
type shared struct {
	PhoneWords []string  `toml:"phone_words"`
	Network    []network `toml:"network"`
}

var readShared = sync.OnceValues(func() (shared, error) {
	var s shared
	if err := decode(sharedTOML, &s); err != nil {
		return s, fmt.Errorf("reading shared.toml: %w", err)
	}
	return s, nil
})

// readBundled reads the files that come with Tilgate, once: their examples are
// many.
var readBundled = sync.OnceValues(func() (map[string]*country, error) {
	dir, err := fs.Sub(bundled, "countries")
	if err != nil {
		return nil, err
	}
	return readAll(dir)
})

// load returns the countries that come with Tilgate, with those of extra added.
func load(extra fs.FS) (map[string]*country, error) {
	all, err := readBundled()
	if err != nil || extra == nil {
		return all, err
	}
	more, err := readAll(extra)
	if err != nil {
		return nil, err
	}
	all = maps.Clone(all)
	for code, c := range more {
		if known, ok := all[code]; ok {
			c = known.with(c)
		}
		all[code] = c
	}
	return all, nil
}

// with returns c with what more says about it.
func (c *country) with(more *country) *country {
	return &country{
		Name: cmp.Or(more.Name, c.Name), Calling: cmp.Or(more.Calling, c.Calling), Trunk: cmp.Or(more.Trunk, c.Trunk), IBAN: cmp.Or(more.IBAN, c.IBAN),
		Phone: append(slices.Clone(c.Phone), more.Phone...), ID: append(slices.Clone(c.ID), more.ID...),
	}
}

func readAll(dir fs.FS) (map[string]*country, error) {
	files, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return nil, err
	}
	all, errs := map[string]*country{}, []error(nil)
	for _, file := range files {
		data, err := fs.ReadFile(dir, file)
		if err == nil {
			code := strings.TrimSuffix(path.Base(file), ".toml")
			all[code], err = readCountry(code, string(data))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("reading %s: %w", file, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fault.Invalid.Wrap(err, "a file of personal data has faults")
	}
	return all, nil
}

var twoLetters, someDigits = regexp.MustCompile(`^[A-Z]{2}$`), regexp.MustCompile(`^[0-9]{1,6}$`)

// readCountry returns a country, or all that is wrong with its file.
func readCountry(code, data string) (*country, error) {
	c := &country{}
	if err := decode(data, c); err != nil {
		return nil, err
	}
	var errs []error
	if !twoLetters.MatchString(code) {
		errs = append(errs, fmt.Errorf("%q is no ISO 3166 code; a file is named like KG.toml", code))
	}
	errs = append(errs, c.wrong()...)
	for i := range c.ID {
		if err := c.ID[i].prepare(code); err != nil {
			errs = append(errs, fmt.Errorf("id %d, %q: %w", i+1, c.ID[i].Name, err))
		}
	}
	return c, errors.Join(errs...)
}

func (c *country) wrong() (errs []error) {
	if c.Calling != "" && (!someDigits.MatchString(c.Calling) || len(c.Calling) > 3) {
		errs = append(errs, fmt.Errorf("calling %q is not 1 to 3 digits", c.Calling))
	}
	if c.Trunk != "" && !someDigits.MatchString(c.Trunk) {
		errs = append(errs, fmt.Errorf("trunk %q is not digits", c.Trunk))
	}
	if c.IBAN != 0 && (c.IBAN < minIBAN || c.IBAN > 34) {
		errs = append(errs, fmt.Errorf("iban %d is not in %d..34", c.IBAN, minIBAN))
	}
	for i, p := range c.Phone {
		for _, s := range p.Starts {
			if !someDigits.MatchString(s) {
				errs = append(errs, fmt.Errorf("phone %d: %q in starts is not 1 to 6 digits", i+1, s))
			}
		}
		if len(p.Starts) == 0 || len(p.Digits) == 0 || slices.Min(p.Digits) < minPhone || slices.Max(p.Digits) > maxPhone {
			errs = append(errs, fmt.Errorf("phone %d: starts and digits need something each, and digits must be in %d..%d", i+1, minPhone, maxPhone))
		}
	}
	return errs
}

func decode(data string, into any) error {
	meta, err := toml.Decode(data, into)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		keys := make([]string, len(unknown))
		for i, k := range unknown {
			keys[i] = k.String()
		}
		return fmt.Errorf("unknown keys %s", strings.Join(keys, ", "))
	}
	return nil
}

// choose returns the countries that codes name, or all.
func choose(all map[string]*country, codes []string) (map[string]*country, error) {
	if len(codes) == 0 {
		return all, nil
	}
	chosen := map[string]*country{}
	var unknown []string
	for _, code := range codes {
		if c, ok := all[code]; ok {
			chosen[code] = c
		} else {
			unknown = append(unknown, fmt.Sprintf("%q", code))
		}
	}
	if len(unknown) > 0 {
		return nil, fault.Invalid.Errorf("no file of personal data for %s; there are %s", strings.Join(unknown, ", "), strings.Join(sortedKeys(all), " "))
	}
	return chosen, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
