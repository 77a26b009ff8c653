package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A veil lies over all that the program writes to its log, to standard output
// and to standard error: secrets that it was given, and passwords in addresses,
// are written as ***. Errors come from many libraries, and some of those quote
// what they were given; so this is the last thing that each line passes.
//
// It sees one write at a time. A secret of fewer than leastHidden bytes is not
// hidden: it would be found in words that are none.
type veil struct {
	mu    sync.RWMutex
	known map[string]bool
	hide  *strings.Replacer
}

const leastHidden = 4

// secretName is what the names of variables that hold secrets end with.
var secretName = regexp.MustCompile(`^TILGATE_.*(KEY|KEY_TO|PASSWORD|SECRET|PASSPHRASE)$`)

// env wraps an environment: what is read of it under the name of a secret, or
// out of the file of one, is hidden from then on.
func (v *veil) env(getenv func(string) string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		if secretName.MatchString(name) {
			v.add(value)
		}
		if base, ok := strings.CutSuffix(name, "_FILE"); ok && value != "" && secretName.MatchString(base) {
			secret, _ := readSecretFile(value) // whose fault is told where it is read
			v.add(secret)
		}
		return value
	}
}

// add hides a secret, also as it looks in an address, in JSON, and quoted.
func (v *veil) add(secret string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(secret) < leastHidden || v.known[secret] {
		return
	}
	if v.known == nil {
		v.known = map[string]bool{}
	}
	v.known[secret] = true
	var pairs []string
	long := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) } // one may begin with another
	for _, s := range slices.SortedFunc(maps.Keys(v.known), long) {
		inJSON, _ := json.Marshal(s) // a string always can
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), strings.Trim(string(inJSON), `"`)} {
			pairs = append(pairs, form, "***")
		}
	}
	v.hide = strings.NewReplacer(pairs...)
}

// inAddress is the name and the password before the host of an address. What
// is wrong in an address is often just them, so no rule for what they may hold
// is relied on.
var inAddress = regexp.MustCompile(`(//[^\s:@/"]*):[^\s"]*@`)

// inQuery is the value of a parameter of an address that tells a secret.
var inQuery = regexp.MustCompile(`(?i)([?&][a-z_-]*(?:token|key|secret|passw[a-z]*|signature|sig)=)[^&\s"'#\\]+`)

func (v *veil) over(text []byte) []byte {
	if bytes.Contains(text, []byte("//")) && bytes.IndexByte(text, '@') >= 0 {
		text = inAddress.ReplaceAll(text, []byte("$1:***@"))
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.hide == nil {
		return text
	}
	return []byte(v.hide.Replace(string(text)))
}

// A veiled writer writes to another from behind the veil. In a log nobody looks
// for addresses to open, so there it hides what their parameters tell too.
type veiled struct {
	veil *veil
	to   io.Writer
	log  bool
}

func (w veiled) Write(p []byte) (int, error) {
	text := w.veil.over(p)
	if w.log && bytes.ContainsAny(text, "?&") {
		text = inQuery.ReplaceAll(text, []byte("$1***"))
	}
	if _, err := w.to.Write(text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// wrongAddress quotes an address that is wrong, without what stands before the host:
// nobody knows how a password looks in an address that is none.
func wrongAddress(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		address = "…" + address[i:]
	}
	return strconv.Quote(address)
}

// whyNoURL is an error of reading an address, without the parts of it that the
// error may quote.
func whyNoURL(err error) error {
	var quotes *url.Error
	if errors.As(err, &quotes) {
		return errors.New("a letter in it has to be escaped, or its port is no number")
	}
	return err
}
