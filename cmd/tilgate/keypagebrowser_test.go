package main

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A ministry is a web site that has the assistant in its pages, under a policy
// that allows nothing but that: /ky is in Kyrgyz, /ur in Urdu.
type ministry struct {
	*httptest.Server
	tilgate atomic.Pointer[service] // which starts when the address of the pages is known
}

func newMinistry(t *testing.T) *ministry {
	t.Helper()
	m := new(ministry)
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tilgate := m.tilgate.Load()
		tag, dir := strings.Trim(r.URL.Path, "/"), "ltr"
		if tag == "ur" {
			dir = "rtl"
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %[1]s; frame-src %[1]s; require-trusted-types-for 'script'", tilgate.base))
		fmt.Fprintf(w, `<!doctype html><html lang=%q dir=%q><title>Ministry</title><meta name="viewport" content="width=device-width">
<script src="%[3]s/embed.js" data-key="%[4]s" async></script><main><h1>Ministry</h1><a href="/">Home</a>
<noscript><a href="%[3]s/embed?key=%[4]s">Ask</a></noscript></main></html>`, html.EscapeString(tag), dir, tilgate.base, tilgate.key)
	}))
	t.Cleanup(m.Close)
	return m
}

// TestEmbedInBrowser has a visitor ask in a ministry's page, in a real browser,
// as tools/browser/embed.mjs says.
func TestEmbedInBrowser(t *testing.T) {
	_, env := browserScripts(t)
	clerkKey, clerk := clerkOf(t)
	m, other := newMinistry(t), newMinistry(t)
	service := startPageSite(t, m.URL, "[key.each.client]\nrequests = 600\nchars = 1000000\n"+clerk)
	m.tilgate.Store(service)
	other.tilgate.Store(service) // whose key is not for its pages
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "../../tools/browser/embed.mjs")
	cmd.Env = append(append(os.Environ(), env...), "TILGATE_URL="+service.base, "TILGATE_CLERK="+clerkKey, "TILGATE_SITE="+m.URL, "TILGATE_OTHER_SITE="+other.URL)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
