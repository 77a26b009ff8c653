package crawl

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// agent is the name that robots.txt may call us by.
const agent = "Tilgate"

// maxRobots is how much of a robots.txt is read (RFC 9309, 2.5).
const maxRobots = 500 << 10

// Rules are what a robots.txt says to us. The zero rules allow everything.
//
// They are read here because github.com/temoto/robotstxt does not do it as RFC
// 9309 says: it matches patterns anywhere in a path, holds escaped letters for
// others, and drops the whole file for one line that it does not understand.
type rules struct {
	lines    []rule
	delay    time.Duration // between requests; 0 if it says none
	sitemaps []string
	err      error // why nothing is allowed: the file could not be had
}

type rule struct {
	allow bool
	path  string // from the beginning, with "*" for anything and "$" for the end
}

func (r rule) String() string {
	if r.allow {
		return "Allow: " + r.path
	}
	return "Disallow: " + r.path
}

// parseRobots reads a robots.txt. Lines that make no sense are passed over.
func parseRobots(data []byte) rules {
	var all, ours rules // for everybody, and for us by name
	var named bool
	var of []*rules // whom the lines that follow are for
	group := false  // lines of a group came
	if len(data) > maxRobots {
		data = data[:maxRobots]
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff"))
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "user-agent", "useragent":
			if group {
				of, group = nil, false
			}
			whom := &all
			if strings.EqualFold(product(value), agent) {
				whom, named = &ours, true
			} else if value != "*" {
				continue
			}
			if !slices.Contains(of, whom) {
				of = append(of, whom)
			}
		case "allow", "disallow":
			group = true
			if value == "" {
				continue
			}
			for _, r := range of {
				r.lines = append(r.lines, rule{strings.EqualFold(strings.TrimSpace(key), "allow"), rooted(percent(value))})
			}
		case "crawl-delay", "crawldelay":
			for _, r := range of {
				r.delay = max(r.delay, seconds(value))
			}
		case "sitemap":
			all.sitemaps = append(all.sitemaps, value)
		}
	}
	if named {
		ours.sitemaps = all.sitemaps
		return ours
	}
	return all
}

// product is the name in "Tilgate/1.0 (comment)".
func product(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

func rooted(path string) string {
	if path[0] != '/' && path[0] != '*' {
		return "/" + path
	}
	return path
}

func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 {
		return 0
	}
	return time.Duration(min(f, 1e6) * float64(time.Second))
}

// judge returns the rule that decides about a path with its query: the longest
// that matches, and of these one that allows. Without any it is allowed.
func (r rules) judge(path string) rule {
	decides := rule{allow: true}
	for _, l := range r.lines {
		if (len(l.path) > len(decides.path) || len(l.path) == len(decides.path) && l.allow) && l.matches(path) {
			decides = l
		}
	}
	return decides
}

// matches takes each part of the pattern at the first place where it stands,
// so that no pattern takes longer than to read the path once.
func (r rule) matches(path string) bool {
	pattern, whole := strings.CutSuffix(r.path, "$")
	part, pattern, more := strings.Cut(pattern, "*")
	path, ok := strings.CutPrefix(path, part)
	for ok && more {
		if part, pattern, more = strings.Cut(pattern, "*"); whole && !more {
			return strings.HasSuffix(path, part)
		}
		_, path, ok = strings.Cut(path, part)
	}
	return ok && (!whole || path == "")
}
