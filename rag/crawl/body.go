package crawl

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"

	"tilgate/internal/fault"
)

// body reads and unpacks what the server sends, at most limit bytes either
// way. What came before an error is returned with it.
func (c *crawler) body(resp *http.Response, limit int64) ([]byte, error) {
	sent := &capped{r: resp.Body, limit: limit}
	defer func() { c.spent += sent.n }()
	encoding := strings.ToLower(strings.Join(resp.Header.Values("Content-Encoding"), ", "))
	r, err := unpacked(sent, encoding)
	if err != nil {
		return nil, incomplete(err)
	}
	data, err := io.ReadAll(&capped{r: r, limit: limit})
	return data, incomplete(err)
}

func unpacked(r io.Reader, encoding string) (io.Reader, error) {
	switch strings.TrimSpace(encoding) {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "br":
		return brotli.NewReader(r), nil
	case "deflate": // which some servers send without its frame
		b := bufio.NewReader(r)
		if head, err := b.Peek(2); err == nil && head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(b)
		}
		return flate.NewReader(b), nil
	}
	return nil, fault.Unsupported.Errorf("the server sends it as %.100q, which was not asked for", encoding)
}

func incomplete(err error) error {
	if err == nil || fault.Of(err) != fault.Internal {
		return err
	}
	return fault.Unavailable.Wrap(err, "it did not come whole")
}

// A capped reader reads up to a limit; more than that is an error.
type capped struct {
	r     io.Reader
	limit int64
	n     int64 // bytes read
}

func (c *capped) Read(p []byte) (int, error) {
	left := c.limit - c.n
	if int64(len(p)) > left {
		p = p[:left+1] // one more, which tells whether there is more
	}
	n, err := c.r.Read(p)
	if int64(n) > left {
		n, err = int(left), tooLarge(c.limit)
	}
	c.n += int64(n)
	return n, err
}

func tooLarge(limit int64) error {
	return fault.TooLarge.Errorf("it has more than %d kB", limit>>10)
}
