package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tilgate/internal/sign"
	"tilgate/rag/sources"
)

// checkConfig tells whether the configuration loads. Each fault is a line.
func checkConfig(d *patient) (list []finding) {
	if d.path == "" {
		return []finding{warn("name one with --config, or make one with tilgate setup", "there is no configuration; the defaults hold")}
	}
	if d.wrong == nil {
		return []finding{oks("%s", d.path)}
	}
	do := "put it right in " + d.path
	if by := writtenBy(d.text); by != "" && by != buildVersion().Version {
		do = fmt.Sprintf("Tilgate %s wrote this file, and this is %s: use the newer one, or put it right in %s", by, buildVersion().Version, d.path)
	}
	if errors.Is(d.wrong, fs.ErrNotExist) {
		do = "name another with --config, or make one with tilgate setup"
	}
	if errors.Is(d.wrong, fs.ErrPermission) {
		do = "let the user of the service read it: chmod 644 " + d.path
	}
	text := strings.TrimPrefix(d.wrong.Error(), "reading config "+d.path+":")
	hint := otherVersion(d.text)
	for fault := range strings.Lines(strings.TrimSpace(text)) {
		fault = strings.TrimSpace(fault)
		if hint != nil && fault == hint.Error() {
			continue // it is the remedy of the lines before it
		}
		if hint != nil && strings.HasSuffix(fault, "there is no such key") {
			list = append(list, fail(hint.Error(), "%s", fault))
			continue
		}
		list = append(list, fail(do, "%s", fault))
	}
	return append(list, warn("run doctor again when it loads", "what needs a configuration was not looked at"))
}

// checkSetup tells of a setup that was cut off.
func checkSetup(d *patient) []finding {
	if d.path == "" || !exists(madePath(d.path)) {
		return nil
	}
	m, err := readMade(d.path)
	switch {
	case err != nil:
		return []finding{warn("remove it; setup --undo cannot take back what it made then", "%v", err)}
	case !m.Done:
		return []finding{fail("run setup again as before, or tilgate setup --undo --config "+d.path, "setup was cut off")}
	}
	return []finding{oks("made by tilgate setup, version %s", m.Version)}
}

// checkLanguages tells whether the language files load, and serve what the
// configuration says.
func checkLanguages(d *patient) (list []finding) {
	set, err := openAdapters(d.c)
	if err != nil {
		if _, wrong := sign.ReadTrust(d.c.trustFile()); wrong != nil {
			return nil // which is said under trust
		}
		for fault := range strings.Lines(err.Error()) {
			list = append(list, fail("tilgate lang check "+d.c.Adapters+" says more", "%s", strings.TrimSpace(fault)))
		}
		return list
	}
	for what, tag := range d.c.defaults() {
		if _, ok := set.For(tag); !ok {
			list = append(list, fail("name one of tilgate lang list", "%s: no adapter serves %s", what, tag))
		}
	}
	if list == nil {
		list = append(list, oks("%d are served", len(set.Tags())))
	}
	return list
}

// checkTrust tells of lists of keys that cannot be read, and of verdicts that
// nobody trusts.
func checkTrust(d *patient) (list []finding) {
	trust, err := sign.ReadTrust(d.c.trustFile())
	if err != nil {
		return []finding{fail(unlessDenied(err, "put it right, or take it away and add the keys again with tilgate trust add"), "%v", err)}
	}
	set, err := openAdapters(d.c)
	if err != nil {
		return nil // which is said under languages
	}
	for _, a := range set.Adapters() {
		if a.Untrusty != "" {
			list = append(list, warn("have it judged again (tilgate eval gate), or trust its key (tilgate trust add)", "the verdict on the weights of %s does not count: %s", a.Tag, a.Untrusty))
		}
	}
	if list == nil {
		list = append(list, oks("%d keys are trusted", len(trust.Keys)))
	}
	return list
}

// checkKnowledge tells whether manifests are good, and what they name is there.
func checkKnowledge(d *patient) (list []finding) {
	if len(d.c.Knowledge) == 0 {
		return nil
	}
	for _, file := range d.c.Knowledge {
		m, err := sources.ReadManifest(file)
		if err != nil {
			list = append(list, fail("put it right; tilgate kb sync --help shows what may stand there", "%s", oneLine(err)))
			continue
		}
		bad := false
		for _, s := range m.Sources {
			if s.Path == "" {
				continue
			}
			f, err := os.Open(m.Place(s.Path))
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				bad = true
				list = append(list, fail("bring it back, or change path in "+file+"; what is stored of it stays meanwhile", "%s: %v", m.Name, err))
			}
		}
		if !bad {
			list = append(list, oks("%s: what %s names is there", m.Name, file))
		}
	}
	return list
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

// checkKeys tells whether anybody could call, and who reads the file of keys.
func checkKeys(d *patient) (list []finding) {
	file := d.c.keysFile()
	kept, err := file.Read()
	if err != nil {
		return []finding{fail(unlessDenied(err, "put it right; tilgate key create --help says what stands there"), "%s", oneLine(err))}
	}
	open := 0
	for _, k := range append(kept, d.c.Keys...) {
		if k.Revoked.IsZero() && (k.Expires.IsZero() || k.Expires.After(d.now())) {
			open++
		}
	}
	if open == 0 && d.c.OIDC.Issuer == "" {
		list = append(list, fail("tilgate key create NAME --config "+orElse(d.path, "FILE"), "nobody could call: no key is in force"))
	}
	if info, err := os.Stat(file.Path); err == nil && info.Mode().Perm()&0o022 != 0 {
		list = append(list, fail("chmod 600 "+file.Path+", and look at tilgate key list", "others can write %s, and so make keys", file.Path))
	} else if err == nil && info.Mode().Perm()&0o044 != 0 {
		list = append(list, warn("chmod 600 "+file.Path, "others can read %s", file.Path))
	}
	if list == nil {
		list = append(list, oks("%d in force", open))
	}
	return list
}

// soonOver is how long before its end a certificate should be renewed.
const soonOver = 21 * 24 * time.Hour

// checkTLS tells whether a certificate is there, fits its key, and lasts.
func checkTLS(d *patient) (list []finding) {
	c := d.c.TLS
	if c.Cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return []finding{fail("see that both are PEM, belong together, and may be read by the user of the service", "%v", err)}
	}
	end := pair.Leaf.NotAfter
	switch {
	case d.now().After(end):
		list = append(list, fail("renew it; a running service takes it up by itself", "the certificate %s ended on %s", c.Cert, end.Format(time.DateOnly)))
	case d.now().Add(soonOver).After(end):
		list = append(list, warn("renew it; a running service takes it up by itself", "the certificate %s ends on %s", c.Cert, end.Format(time.DateOnly)))
	case d.now().Before(pair.Leaf.NotBefore):
		list = append(list, fail("look at the clock, or wait", "the certificate %s begins on %s only", c.Cert, pair.Leaf.NotBefore.Format(time.DateOnly)))
	}
	for _, host := range d.c.Hosts {
		if err := pair.Leaf.VerifyHostname(host); err != nil {
			list = append(list, warn("have one made for all names under hosts", "the certificate is not for %s", host))
		}
	}
	if info, err := os.Stat(c.Key); err == nil && info.Mode().Perm()&0o077 != 0 && info.Mode().Perm()&0o007 != 0 {
		list = append(list, warn("chmod o= "+c.Key, "everybody on this machine can read the private key %s", filepath.Base(c.Key)))
	}
	if list == nil {
		list = append(list, oks("until %s", end.Format(time.DateOnly)))
	}
	return list
}
