package sources

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Manifest says what a knowledge base is made of. It is a TOML file that its
// keeper writes.
type Manifest struct {
	Name       string       `toml:"name"`        // of the knowledge base
	Tenant     string       `toml:"tenant"`      // whose it is; empty is the default tenant
	Title      string       `toml:"title"`       // for people
	Site       string       `toml:"site"`        // where it may be stored, such as a country; empty says nothing
	Languages  []lang.Tag   `toml:"languages"`   // that its documents are in; others are reported
	Licence    string       `toml:"licence"`     // of the documents
	Every      Duration     `toml:"every"`       // how often it is brought up to date; 0 means when asked
	Keep       int          `toml:"keep"`        // versions; 0 is the default
	MaxRemoved float64      `toml:"max_removed"` // share of its documents that one sync may remove; 0 is the default
	Split      Split        `toml:"split"`
	Check      Check        `toml:"check"` // before a new version is searched
	Sources    []Source     `toml:"source"`
	Superseded []Superseded `toml:"superseded"` // what documents themselves do not say

	// FS is where paths are looked up, if not on disk.
	FS fs.FS `toml:"-"`

	folder string // that paths are relative to
}

// Split says how documents are cut. Its zero value is the rule.
type Split struct {
	Letters int  `toml:"letters"` // of a passage, about
	Overlap *int `toml:"overlap"` // sentences that a passage shares with the one before; 1 if not given
}

// Splitter cuts documents as the manifest says.
func (s Split) Splitter() rag.Splitter {
	o := 0
	if s.Overlap != nil {
		if o = *s.Overlap; o == 0 {
			o = -1
		}
	}
	return rag.Splitter{Letters: s.Letters, Overlap: o}
}

// Check says what a new version must show before it is searched.
type Check struct {
	Questions string   `toml:"questions"` // JSONL: {"question", "lang", "doc"}; a path from the manifest
	MaxDrop   *float64 `toml:"max_drop"`  // points of nDCG@10 that it may be worse than the version before; 2 if not given
}

// A Source is a folder or file, or a web site.
type Source struct {
	Path    string   `toml:"path"`    // from the manifest
	Site    string   `toml:"site"`    // URL where a web site begins
	Include []string `toml:"include"` // patterns of paths, "*" within a name and "**" over folders; empty means all
	Exclude []string `toml:"exclude"`
	Lang    lang.Tag `toml:"lang"`    // of documents that do not name theirs
	Sector  string   `toml:"sector"`  // of government, of documents that do not name theirs
	Edition string   `toml:"edition"` // of documents that do not name theirs
	Base    string   `toml:"base"`    // URL that the folder is published at, for links

	Fields  Fields  `toml:"fields"`  // of JSONL
	Columns Columns `toml:"columns"` // of sheets

	Depth   int     `toml:"depth"`   // of a site: links from its beginning; 0 is the default
	Pages   int     `toml:"pages"`   // of a site, at most; 0 is the default
	Rate    float64 `toml:"rate"`    // requests a second; 0 is the default
	Private bool    `toml:"private"` // the site may be in a private network
}

// Fields name the fields of JSONL that hold what a document has, such as
// "content" or "meta.lang"; empty names are Tilgate's own. Domains and
// MinQuality leave out the rows of others.
type Fields struct {
	ID         string   `toml:"id"`
	Title      string   `toml:"title"`
	Text       string   `toml:"text"`
	Lang       string   `toml:"lang"`
	Source     string   `toml:"source"`
	Date       string   `toml:"date"`
	Sector     string   `toml:"sector"`
	Edition    string   `toml:"edition"`
	Replaces   string   `toml:"replaces"`
	ReplacedBy string   `toml:"replaced_by"`
	Domain     string   `toml:"domain"`
	Domains    []string `toml:"domains"`
	Quality    string   `toml:"quality"`
	MinQuality float64  `toml:"min_quality"`
}

// Columns name the columns of sheets that hold questions and answers, by their
// heading or letter; empty names are found by their headings.
type Columns struct {
	Question string `toml:"question"`
	Answer   string `toml:"answer"`
	ID       string `toml:"id"`
	Title    string `toml:"title"`
	Lang     string `toml:"lang"`
	Date     string `toml:"date"`
	Sector   string `toml:"sector"`

	Edition    string `toml:"edition"`
	Replaces   string `toml:"replaces"`
	ReplacedBy string `toml:"replaced_by"`
}

// A Duration is written as Go writes one: "24h".
type Duration time.Duration

// UnmarshalText reads "24h".
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err == nil && parsed < 0 {
		err = errors.New("it is negative")
	}
	if err != nil {
		return fmt.Errorf("%q is not a length of time such as 24h: %w", text, err)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes "24h0m0s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// ReadManifest reads a manifest. The error names all its faults.
func ReadManifest(file string) (Manifest, error) {
	var m Manifest
	data, err := os.ReadFile(file)
	if err != nil {
		return m, fmt.Errorf("reading a manifest: %w", err)
	}
	m, err = parse(data, filepath.Dir(file))
	if err != nil {
		return m, fault.Invalid.Errorf("reading manifest %s:\n%v", file, err)
	}
	return m, nil
}

func parse(data []byte, folder string) (Manifest, error) {
	m := Manifest{folder: folder}
	meta, err := toml.Decode(string(data), &m)
	if err != nil {
		return m, err
	}
	var faults []error
	for _, key := range meta.Undecoded() {
		faults = append(faults, fmt.Errorf("%s: there is no such key", key))
	}
	return m, errors.Join(append(faults, m.check()...)...)
}

// Validate returns all that is wrong with a manifest that was made by a program.
func (m *Manifest) Validate() error { return errors.Join(m.check()...) }

func (m *Manifest) check() (faults []error) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if m.Name == "" {
		add("name: name the knowledge base, such as health")
	}
	if m.Tenant != "" {
		if err := rag.CheckTenant(m.Tenant); err != nil {
			add("tenant: %w", err)
		}
	}
	for i, tag := range m.Languages {
		parsed, err := lang.ParseTag(string(tag))
		if err != nil {
			add("languages: %w", err)
		}
		m.Languages[i] = parsed
	}
	if m.Keep < 0 {
		add("keep is %d; it cannot be negative", m.Keep)
	}
	if o := m.Split.Overlap; o != nil && (*o < 0 || *o > 10) {
		add("split.overlap is %d; passages share 0 to 10 sentences", *o)
	}
	if n := m.Split.Letters; n != 0 && n < 100 || n > 20_000 {
		add("split.letters is %d; passages have 100 to 20000 letters", n)
	}
	if m.MaxRemoved < 0 || m.MaxRemoved > 1 {
		add("max_removed is %v; it is a share from 0 to 1", m.MaxRemoved)
	}
	if len(m.Sources) == 0 {
		add("[[source]]: there is none; name a path or a site")
	}
	for i := range m.Sources {
		for _, err := range m.Sources[i].check() {
			add("source %d: %w", i+1, err)
		}
	}
	for i, s := range m.Superseded {
		if err := s.check(); err != nil {
			add("superseded %d: %w", i+1, err)
		}
	}
	return faults
}

func (s *Source) check() (faults []error) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if (s.Path == "") == (s.Site == "") {
		add("name a path or a site, one of them")
	}
	if s.Lang != "" {
		parsed, err := lang.ParseTag(string(s.Lang))
		if err != nil {
			add("lang: %w", err)
		}
		s.Lang = parsed
	}
	for what, address := range map[string]string{"site": s.Site, "base": s.Base} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			add("%s: %q is not a URL such as https://example.kg/", what, address)
		}
	}
	if err := checkPatterns(slices.Concat(s.Include, s.Exclude)); err != nil {
		faults = append(faults, err)
	}
	if s.Site == "" && (s.Depth != 0 || s.Pages != 0 || s.Rate != 0 || s.Private) {
		add("depth, pages, rate and private are of sites")
	}
	if s.Depth < 0 || s.Pages < 0 || s.Rate < 0 {
		add("depth, pages and rate cannot be negative")
	}
	return faults
}

// Name returns what origins of the source begin with.
func (s Source) Name() string {
	if s.Site != "" {
		return s.Site
	}
	return filepath.ToSlash(filepath.Clean(s.Path))
}

// Place returns where a path of the manifest is on disk.
func (m Manifest) Place(p string) string {
	if filepath.IsAbs(p) || m.folder == "" {
		return p
	}
	return filepath.Join(m.folder, p)
}
