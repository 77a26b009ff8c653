package main

import (
	"io/fs"
	"net/http"
	"sync"
	"time"

	"tilgate/internal/outbound"
)

// Differences between clocks that are told of.
const (
	someSkew = 30 * time.Second
	muchSkew = 5 * time.Minute
)

// checkClock compares the clock with the build, the newest files, and the
// clocks of servers.
func checkClock(d *patient) (list []finding) {
	const do = "set the clock; see timedatectl, and whether a time server can be reached"
	if !d.built.IsZero() && d.now().Before(d.built.Add(-muchSkew)) {
		list = append(list, fail(do, "it is %s by the clock, before this program was made (%s)", stampText(d.now()), stampText(d.built)))
	}
	if d.wrong == nil {
		if path, at := d.newest(); at.After(d.now().Add(someSkew)) {
			list = append(list, fail(do, "it is %s by the clock, but %s was written at %s", stampText(d.now()), path, stampText(at)))
		}
		list = append(list, d.serverClocks(do)...)
	}
	if list == nil {
		list = append(list, oks("%s", stampText(d.now())))
	}
	return list
}

func stampText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// serverClocks asks servers for the time; those that do not tell are left out.
func (d *patient) serverClocks(do string) (list []finding) {
	ways := map[string]outbound.Way{}
	for _, b := range d.c.backends() {
		ways[b.URL] = b.way("model server", b.URL)
	}
	if e := d.c.Embed; e.URL != "" {
		ways[e.URL] = e.way("embedding server", e.URL)
	}
	if o := d.c.OIDC; o.Issuer != "" {
		ways[o.Issuer] = o.way("identity provider", o.Issuer)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for url, way := range ways {
		all.Go(func() {
			_, header, _ := d.get(way, url)
			theirs, err := http.ParseTime(header.Get("Date"))
			if err != nil {
				return
			}
			off := d.now().Sub(theirs).Round(time.Second)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case off.Abs() > muchSkew:
				list = append(list, fail(do, "this clock and that of %s are %s apart", url, off.Abs()))
			case off.Abs() > someSkew:
				list = append(list, warn(do, "this clock and that of %s are %s apart", url, off.Abs()))
			}
		})
	}
	all.Wait()
	return list
}

// newest returns the file in the data folder that was written last.
func (d *patient) newest() (path string, at time.Time) {
	if d.c.Data == "" {
		return "", at
	}
	files(d.c.Data, func(p string, info fs.FileInfo) bool {
		if info.ModTime().After(at) {
			path, at = p, info.ModTime()
		}
		return true
	})
	return path, at
}
