package crawl

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"tilgate/internal/fault"
)

// Limits of sitemaps. The first two are those of sitemaps.org.
const (
	maxSitemap      = 50 << 20 // bytes of one, unpacked
	maxListed       = 50_000   // URLs in one
	maxSitemaps     = 100      // files
	maxSitemapDepth = 3        // of indexes that list indexes
	maxElements     = 16       // within each other
	maxToken        = 16 << 10 // bytes of one element or text
)

// A sitemap lists pages and other sitemaps, as they are written in it.
type sitemap struct{ pages, maps []string }

// parseSitemap reads a sitemap in XML or plain text, which may be packed, of at
// most limit bytes without that. What was found before an error counts.
func parseSitemap(data []byte, limit int64) (sitemap, error) {
	in := io.Reader(bytes.NewReader(data))
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return sitemap{}, fault.Invalid.Errorf("the sitemap is not whole gzip: %v", err)
		}
		in = unpacked
	}
	r := bufio.NewReader(&capped{r: in, limit: limit})
	if bom, _ := r.Peek(3); string(bom) == "\ufeff" {
		r.Discard(len(bom))
	}
	for {
		c, err := r.ReadByte()
		if err == io.EOF {
			return sitemap{}, nil
		}
		if err != nil {
			return sitemap{}, err
		}
		if c > ' ' {
			r.UnreadByte()
			if c == '<' {
				return xmlSitemap(r)
			}
			return textSitemap(r)
		}
	}
}

func textSitemap(r *bufio.Reader) (s sitemap, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxToken)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "http") {
			return s, fault.Invalid.Errorf("it is no sitemap: a line of it is %.100q", line)
		}
		if len(s.pages) == maxListed {
			return s, tooManyListed()
		}
		s.pages = append(s.pages, line)
	}
	return s, notSitemap(lines.Err())
}

func tooManyListed() error {
	return fault.TooLarge.Errorf("the sitemap lists more than %d URLs; the others are left out", maxListed)
}

// xmlSitemap reads <url><loc>, <url><xhtml:link href>, which leads to the page
// in another language, and <sitemap><loc>.
func xmlSitemap(r io.Reader) (s sitemap, err error) {
	tokens := &tokenReader{ByteReader: bufio.NewReader(r)}
	d := xml.NewDecoder(tokens)
	d.Strict = false // many write & where &amp; should stand
	d.CharsetReader = tokens.inCharset
	var in []string // names of the elements that we are in
	var loc strings.Builder
	for {
		tokens.left = maxToken
		token, err := d.RawToken()
		if err == io.EOF && len(in) == 0 {
			return s, nil
		}
		if err != nil {
			return s, notSitemap(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if in = append(in, t.Name.Local); len(in) > maxElements {
				return s, fault.TooLarge.Errorf("the sitemap has more than %d elements within each other", maxElements)
			}
			if len(in) == 1 && in[0] != "urlset" && in[0] != "sitemapindex" {
				return s, fault.Invalid.Errorf("it is no sitemap: it begins with <%.100s>", in[0])
			}
			loc.Reset()
			if within(in, "url", "link") {
				for _, a := range t.Attr {
					if a.Name.Local == "href" {
						s.pages = append(s.pages, a.Value)
					}
				}
			}
		case xml.CharData:
			if within(in, "url", "loc") || within(in, "sitemap", "loc") {
				if loc.Write(t); loc.Len() > maxToken {
					return s, tooLong()
				}
			}
		case xml.EndElement:
			if within(in, "url", "loc") {
				s.pages = append(s.pages, loc.String())
			} else if within(in, "sitemap", "loc") {
				s.maps = append(s.maps, loc.String())
			}
			in = in[:max(len(in)-1, 0)]
		}
		if len(s.pages)+len(s.maps) > maxListed {
			return s, tooManyListed()
		}
	}
}

func within(in []string, outer, inner string) bool {
	n := len(in)
	return n >= 2 && in[n-2] == outer && in[n-1] == inner
}

func notSitemap(err error) error {
	if fault.TooLarge.Is(err) {
		return err
	}
	return fault.Invalid.Wrap(err, "the sitemap is broken")
}

// A tokenReader ends where an element or text is too long, which xml.Decoder
// would keep as a whole.
type tokenReader struct {
	io.ByteReader
	left int
}

func (t *tokenReader) ReadByte() (byte, error) {
	if t.left--; t.left < 0 {
		return 0, fault.TooLarge.Errorf("the sitemap has an element or text of more than %d bytes", maxToken)
	}
	return t.ByteReader.ReadByte()
}

// Read is not called; xml.NewDecoder wants it.
func (t *tokenReader) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// inCharset goes on in the encoding that the sitemap names.
func (t *tokenReader) inCharset(label string, _ io.Reader) (io.Reader, error) {
	encoding, err := htmlindex.Get(label)
	if err != nil {
		return nil, fault.Invalid.Errorf("the encoding %.100q is not known", label)
	}
	t.ByteReader = bufio.NewReader(encoding.NewDecoder().Reader(byteByByte{t.ByteReader}))
	return t, nil
}

type byteByByte struct{ io.ByteReader }

func (r byteByByte) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}
