package crawl

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRobots(t *testing.T) {
	for _, tt := range []struct {
		text    string
		allowed string // paths
		denied  string
	}{
		{"", "/ /a", ""},
		{"User-agent: *\nDisallow: /", "", "/ /a /a?b"},
		{"User-agent: *\nDisallow:", "/ /a", ""},
		{"user-agent:*\r\nDISALLOW : /a # купуя\r\rAllow: /a/b", "/ /b /a/b", "/a /ab /a/c"},
		{"\ufeffUser-agent: *\nDisallow: /a", "/", "/a"},
		{"User-agent: Other\nDisallow: /", "/a", ""},
		{"User-agent: Other\nUser-agent: *\nDisallow: /a", "/b", "/a"},
		{"User-agent: *\nDisallow: /\nUser-agent: tilgate\nDisallow: /a", "/b", "/a"},          // ours counts alone
		{"User-agent: TILGATE/1.0 (bot)\nDisallow: /a\n\nUser-agent: *\nAllow: /", "/b", "/a"}, // by name, whatever its version
		{"User-agent: til\nDisallow: /a\nUser-agent: Tilgates\nDisallow: /b", "/a /b", ""},
		{"User-agent: tilgate\nDisallow: /a\nUser-agent: x\nDisallow: /c\nUser-agent: Tilgate\nDisallow: /b", "/c", "/a /b"}, // both groups
		{"User-agent: tilgate\nUser-agent: *\nCrawl-delay: 5", "/a", ""},
		{"Disallow: /a\nUser-agent: *\nDisallow: /b", "/a", "/b"}, // for nobody
		{"User-agent: *\nCrawl-delay: soon\nNonsense\nNoindex: /c\nDisallow: /b", "/c", "/b"},
		{"User-agent: *\nAllow: /p\nDisallow: /", "/p /page", "/ /a"},
		{"User-agent: *\nDisallow: /p\nAllow: /p", "/p", ""}, // as long: allowed
		{"User-agent: *\nAllow: /$\nDisallow: /", "/", "/a"},
		{"User-agent: *\nDisallow: /*.gif$", "/a.gif?b /a.gifs", "/a.gif /x/a.gif.gif"},
		{"User-agent: *\nDisallow: /a*b*c", "/acb /x/abc /ab", "/abc /axbxc/d"},
		{"User-agent: *\nDisallow: *a", "/b", "/a /ba"},
		{"User-agent: *\nDisallow: /**b", "/a", "/b /ab"},
		{"User-agent: *\nDisallow: /a*ab$", "/ab /aba", "/aab /aXab /abab"},
		{"User-agent: *\nDisallow: /a.b", "/aXb", "/a.b"},
		{"User-agent: *\nDisallow: /a$b", "/ab /a", "/a$b"},
		{"User-agent: *\nDisallow: /*?", "/a", "/a?b"},
		{"User-agent: *\nDisallow: a", "/b", "/a"},
		{"User-agent: *\nDisallow: /кызмат", "/", "/%D0%BA%D1%8B%D0%B7%D0%BC%D0%B0%D1%82/1"},
		{"User-agent: *\nDisallow: /%d0%ba%41", "/%D0%BA", "/%D0%BAA"},
		{"User-agent: *\nDisallow: /a%2fb", "/a/b", "/a%2Fb"},
		{"User-agent: *\nDisallow: /" + strings.Repeat("a", maxRobots) + "\nDisallow: /b", "/b", ""}, // too far down
	} {
		r := parseRobots([]byte(tt.text))
		for path := range strings.FieldsSeq(tt.allowed) {
			if d := r.judge(path); !d.allow {
				t.Errorf("%.100q: %s is not allowed: %s", tt.text, path, d)
			}
		}
		for path := range strings.FieldsSeq(tt.denied) {
			if d := r.judge(path); d.allow {
				t.Errorf("%.100q: %s is allowed: %s", tt.text, path, d)
			}
		}
	}
}

func TestCrawlDelay(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"2": 2 * time.Second, "0.5": 500 * time.Millisecond, "": 0, "-1": 0, "NaN": 0, "Inf": 1e6 * time.Second, "1e300": 1e6 * time.Second, "2 s": 0,
	} {
		if got := parseRobots([]byte("User-agent: *\nCrawl-delay: " + value)).delay; got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// The costliest robots.txt is one that consists of patterns which match late
// or never.
func TestRobotsBomb(t *testing.T) {
	path := "/" + strings.Repeat("a", maxURL-1)
	for what, text := range map[string]string{
		"many stars":    "User-agent: *\nDisallow: " + strings.Repeat("*a", maxRobots/2),
		"many patterns": "User-agent: *\n" + strings.Repeat("Disallow: *ab\n", maxRobots/14),
		"many agents":   strings.Repeat("User-agent: *\n", maxRobots/28) + strings.Repeat("Allow: /b\n", maxRobots/20),
	} {
		begin := time.Now()
		if d := parseRobots([]byte(text)).judge(path); !d.allow {
			t.Errorf("%s: %s", what, d)
		}
		if d := time.Since(begin); d > 2*time.Second {
			t.Errorf("%s: it took %v", what, d)
		}
	}
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\nAllow: /кызмат\nCrawl-delay: 1\nSitemap: /s.xml", "/a/b")
	f.Add("\ufeffUser-agent: Tilgate/2\rDisallow: %zz%4\r\nAllow: *", "/%25zz")
	f.Add("user-agent:*\ndisallow:/**$$\nallow:$", "/$")
	f.Fuzz(func(t *testing.T, text, path string) {
		u, err := canonical(&url.URL{Scheme: "http", Host: "ministry.kg"}, path)
		if err != nil {
			return
		}
		r := parseRobots([]byte(text))
		if r.delay < 0 {
			t.Errorf("a delay of %v", r.delay)
		}
		d := r.judge(key(u))
		for _, l := range r.lines {
			if l.matches(key(u)) != slowMatch(l.path, key(u)) {
				t.Errorf("%s matches %s: %v", l, key(u), l.matches(key(u)))
			}
			if !l.allow && d.allow && len(l.path) > len(d.path) && l.matches(key(u)) {
				t.Errorf("%s: %s decides, and not %s", key(u), d, l)
			}
		}
		closed := parseRobots([]byte(text + "\nUser-agent: Tilgate\nDisallow: /"))
		if d := closed.judge("/"); d.allow && d.path == "" {
			t.Errorf("%q: what stands at the end is not read", text)
		}
	})
}

// slowMatch is what a pattern means, tried at every place.
func slowMatch(pattern, path string) bool {
	if pattern == "" {
		return true
	}
	if pattern == "$" {
		return path == ""
	}
	if pattern[0] == '*' {
		for i := range len(path) + 1 {
			if slowMatch(pattern[1:], path[i:]) {
				return true
			}
		}
		return false
	}
	return path != "" && path[0] == pattern[0] && slowMatch(pattern[1:], path[1:])
}
