package gateway

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

// Answers are packed for those who ask for it, since many of our readers pay
// by the megabyte.
//
// Packing together what is secret and what an attacker chooses lets whoever
// watches the length guess the secret (BREACH). No answer holds a key, a cookie
// or a token. The API does not answer a browser that adds credentials by
// itself, and the page takes no question from another site, so nobody can make
// a reader ask again and again. A program that puts strangers' words and
// secrets into one conversation leaves Accept-Encoding out.

// The content encodings that are written and read.
const (
	inGzip = "gzip"
	inZstd = "zstd"
	inBr   = "br"
)

// accepted returns those of our encodings that a caller accepts, the one liked
// best first; of two liked alike, in our order. What is liked less than an
// answer as it is, is left out.
func accepted(h *fasthttp.RequestHeader, ours ...string) []string {
	likes := map[string]float64{}
	for _, value := range h.PeekAll("Accept-Encoding") {
		for item := range strings.SplitSeq(string(value), ",") {
			name, q, ok := parseAccept(item)
			if ok {
				likes[name] = q
			}
		}
	}
	liking := func(name string) float64 {
		if q, ok := likes[name]; ok {
			return q
		}
		return likes["*"]
	}
	list := slices.DeleteFunc(slices.Clone(ours), func(name string) bool {
		return liking(name) == 0 || liking(name) < likes["identity"]
	})
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(liking(b), liking(a)) })
	return list
}

// parseAccept reads "gzip;q=0.5". It is false for what nobody can mean.
func parseAccept(item string) (name string, q float64, ok bool) {
	name, params, weighed := strings.Cut(item, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "x-gzip" {
		name = inGzip
	}
	if !weighed {
		return name, 1, name != ""
	}
	key, value, _ := strings.Cut(strings.TrimSpace(params), "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	ok = err == nil && q >= 0 && q <= 1 && strings.EqualFold(strings.TrimSpace(key), "q")
	return name, q, ok && name != ""
}

// vary tells caches that an answer depends on what its reader accepts.
func vary(h *fasthttp.ResponseHeader) { h.Add("Vary", "Accept-Encoding") }
