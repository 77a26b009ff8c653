package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tilgate/serving"
)

// aloud is what an answer says in the tests: letters of one to four bytes, and
// such as join.
var aloud = strings.Repeat("Аялдар 58 жашында пенсияга чыгат [1]. زنان می\u200cتوانند بروند۔ ស្ត្រីអាយុ៥៨ឆ្នាំ។ ሴቶች በ58 ዓመት። 😀 Yes. ", 12)

// speaking is a service that says aloud, a few letters at a time, and counts
// how often it was asked and how often it ended.
type speaking struct {
	*fake
	asked, ended atomic.Int32
	pause        time.Duration
	why          chan error // why it ended before its time
}

func newSpeaking(pause time.Duration) *speaking {
	s := &speaking{pause: pause, why: make(chan error, 2000)}
	s.fake = &fake{answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		s.asked.Add(1)
		defer s.ended.Add(1)
		if !yield(plan1, nil) {
			s.why <- context.Cause(ctx)
			return
		}
		letters := []rune(aloud)
		for at := 0; at < len(letters); at += 7 {
			select {
			case <-ctx.Done():
			case <-time.After(s.pause):
			}
			if ctx.Err() != nil || !yield(serving.Delta{Text: string(letters[at:min(at+7, len(letters))])}, nil) {
				s.why <- context.Cause(ctx)
				return
			}
		}
		yield(done1, nil)
	}}
	return s
}

// A script is what the page's own does: it asks, counts whole events, and comes
// back for those that are missing.
type pageScript struct {
	t      testing.TB
	addr   string
	id     string
	header []string
	pack   bool
	events []string
}

func newScript(t testing.TB, addr string) *pageScript {
	return &pageScript{t: t, addr: addr, id: fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()), header: fromScript()}
}

// A cutConn breaks after so many bytes were read of it.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		c.Close()
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// open sends a request over a line that breaks after cut bytes.
func (p *pageScript) open(ctx context.Context, path, body string, cut int, header ...string) (*http.Response, error) {
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: !p.pack, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &cutConn{conn, cut}, err
	}}
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	header = append(slices.Clone(p.header), header...)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return transport.RoundTrip(req)
}

const noCut = 1 << 30

// ask asks, and reads until the line breaks. It reports whether all came.
func (p *pageScript) ask(cut int) bool {
	return p.read(p.open(p.t.Context(), "/ask", scriptAsk, cut, answerHeader, p.id))
}

// more goes on where the line broke.
func (p *pageScript) more(cut int) bool {
	return p.read(p.open(p.t.Context(), morePath, p.have(), cut))
}

func (p *pageScript) have() string { return fmt.Sprintf(`{"id":%q,"have":%d}`, p.id, len(p.events)) }

func (p *pageScript) read(resp *http.Response, err error) bool {
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		p.t.Errorf("status %d after %d events", resp.StatusCode, len(p.events))
		return true
	}
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return false // with half a line, which counts for nothing
		}
		data, ok := strings.CutPrefix(line, "data: ")
		switch {
		case data == "[DONE]\n":
			return true
		case ok:
			p.events = append(p.events, data)
		}
	}
}

// text is what was said, and how it ended.
func (p *pageScript) text() (text string, done bool) {
	var all strings.Builder
	for i, event := range p.events {
		var e struct {
			Plan, Done *json.RawMessage
			Text       string
		}
		if err := json.Unmarshal([]byte(event), &e); err != nil || (e.Plan != nil) != (i == 0) {
			p.t.Errorf("event %d: %v %s", i, err, event)
		}
		all.WriteString(e.Text)
		done = e.Done != nil
	}
	return all.String(), done
}

func (p *pageScript) checkWhole() {
	p.t.Helper()
	if text, done := p.text(); text != aloud || !done {
		p.t.Errorf("done %v, %d events; got\n%s\nwant\n%s", done, len(p.events), text, aloud)
	}
}

// TestResume cuts lines again and again, anywhere, and has the page come back:
// it gets every event once, and the model is asked once.
func TestResume(t *testing.T) {
	const readers = 60
	s, l := newSpeaking(time.Millisecond), &gauge{}
	addr, g := start(t, s.fake, Options{Limits: l})
	var cuts atomic.Int32
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			p := newScript(t, addr)
			p.pack = i%2 == 0
			longest := 1 + rand.IntN(4000)
			for over := p.ask(rand.IntN(longest)); !over; over = p.come(1 + rand.IntN(longest)) {
				if cuts.Add(1); rand.IntN(3) == 0 {
					time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				}
				if longest < 100_000 {
					longest += 100 // or some would never get past the headers
				}
			}
			p.checkWhole()
		})
	}
	wg.Wait()
	g.answers.wait(time.Second)
	if s.asked.Load() != readers || s.ended.Load() != readers || l.in.Load() != readers || l.out.Load() != readers {
		t.Errorf("asked %d times, ended %d times, let in %d, given back %d, want %d each", s.asked.Load(), s.ended.Load(), l.in.Load(), l.out.Load(), readers)
	}
	t.Logf("%d lines broke", cuts.Load())
}

// come is more, or ask once again if the question may not have arrived.
func (p *pageScript) come(cut int) bool {
	if len(p.events) == 0 {
		return p.ask(cut)
	}
	return p.more(cut)
}

// TestResumeByte cuts a line after each byte of an answer, the middle of each
// letter too.
func TestResumeByte(t *testing.T) {
	s := newSpeaking(0)
	addr, _ := start(t, s.fake, Options{})
	first := newScript(t, addr)
	first.ask(noCut)
	first.checkWhole()
	want := first.have() // the answer is over, and can be heard again
	for cut := 700; cut < 1500; cut++ {
		p := newScript(t, addr)
		p.id = first.id
		if resp, err := p.open(t.Context(), morePath, p.have(), cut); !p.read(resp, err) {
			p.more(noCut)
		}
		p.checkWhole()
		if t.Failed() || p.have() != want {
			t.Fatalf("after %d bytes: %s, want %s", cut, p.have(), want)
		}
	}
}

// TestNobodyComesBack ends an answer that nobody listens to, after a while.
func TestNobodyComesBack(t *testing.T) {
	const wait = 300 * time.Millisecond
	for _, tt := range []struct {
		name  string
		how   string // what the page says when it goes
		least time.Duration
		want  error
	}{
		{"a line that broke", "", wait, errLeft},
		{"stop", `{"id":%q}`, 0, errStopped},
		{"a page that is closed", `{"id":%q,"leaving":true}`, wait / 3, errLeft},
	} {
		s := newSpeaking(20 * time.Millisecond)
		addr, g := start(t, s.fake, Options{ResumeFor: wait})
		g.answers.leave = wait / 3
		p := newScript(t, addr)
		p.ask(1500)
		begun := time.Now()
		if tt.how != "" {
			if resp, err := p.open(t.Context(), stopPath, fmt.Sprintf(tt.how, p.id), noCut); err != nil || resp.StatusCode != 204 {
				t.Fatal(resp, err)
			}
		}
		select {
		case err := <-s.why:
			if took := time.Since(begun); err != tt.want || took < tt.least || took > tt.least+within {
				t.Errorf("%s: ended after %v with %v, want %v with %v", tt.name, took, err, tt.least, tt.want)
			}
		case <-time.After(wait + within):
			t.Errorf("%s: it goes on", tt.name)
		}
		resp, err := p.open(t.Context(), morePath, p.have(), noCut)
		if err != nil || resp.StatusCode != 404 {
			t.Errorf("%s: %v %v, want 404", tt.name, resp, err)
		}
	}
}
