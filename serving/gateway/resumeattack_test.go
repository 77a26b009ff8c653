package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// TestNewerReader gives an answer to the line that came last, and tells the
// other so.
func TestNewerReader(t *testing.T) {
	s := newSpeaking(5 * time.Millisecond)
	addr, _ := start(t, s.fake, Options{})
	old, newer := newScript(t, addr), newScript(t, addr)
	newer.id = old.id
	resp, err := old.open(t.Context(), "/ask", scriptAsk, noCut, answerHeader, old.id)
	if err != nil {
		t.Fatal(err)
	}
	newer.more(noCut)
	newer.checkWhole()
	old.read(resp, nil)
	if last := old.events[len(old.events)-1]; !strings.Contains(last, `"code":"read_elsewhere"`) || s.asked.Load() != 1 {
		t.Errorf("asked %d times; the first line ended with %s", s.asked.Load(), last)
	}
}

// TestAskTwice has a browser send a question again whose answer it did not see
// begin.
func TestAskTwice(t *testing.T) {
	s := newSpeaking(time.Millisecond)
	addr, _ := start(t, s.fake, Options{})
	p := newScript(t, addr)
	p.ask(10) // of the first line
	if !p.ask(noCut) || s.asked.Load() != 1 {
		t.Errorf("asked %d times", s.asked.Load())
	}
	p.checkWhole()
	if resp, err := p.open(t.Context(), "/ask", strings.Replace(scriptAsk, "Эмне", "Качан", 1), noCut, answerHeader, p.id); err != nil || resp.StatusCode != 409 {
		t.Errorf("another question by the same id: %v %v", resp, err)
	}
}

// TestStopOutruns stops an answer before it is asked for: each comes on a line
// of its own. Other answers begin.
func TestStopOutruns(t *testing.T) {
	s := newSpeaking(time.Millisecond)
	addr, g := start(t, s.fake, Options{})
	p := newScript(t, addr)
	for range g.answers.most.all + 1 { // noted once, and never more than there is room for
		if resp, err := p.open(t.Context(), stopPath, `{"id":"`+p.id+`"}`, noCut); err != nil || resp.StatusCode != 204 {
			t.Fatal(resp, err)
		}
	}
	if resp, err := p.open(t.Context(), "/ask", scriptAsk, noCut, answerHeader, p.id); err != nil || resp.StatusCode != 409 || s.asked.Load() != 0 {
		t.Errorf("%v %v, asked %d times", resp, err, s.asked.Load())
	}
	other := newScript(t, addr)
	if !other.ask(noCut) || s.asked.Load() != 1 {
		t.Errorf("another answer: asked %d times", s.asked.Load())
	}
	other.checkWhole()
}

// twoDesks know two keys of one ministry and one of another; a key can be revoked.
type twoDesks struct {
	mu      sync.Mutex
	revoked string
}

func (d *twoDesks) Check(s string) (serving.Caller, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tenant, name, ok := strings.Cut(s, "-")
	if !ok || s == d.revoked {
		return serving.Caller{}, errNoKey
	}
	return serving.Caller{Name: name, Tenant: tenant}, nil
}

func (d *twoDesks) revoke(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.revoked = s
}

// TestResumeOthers lets nobody have an answer but who asked for it.
func TestResumeOthers(t *testing.T) {
	s := newSpeaking(5 * time.Millisecond)
	keys := &twoDesks{}
	addr, g := startWith(t, s.fake, keys, Options{})
	p := newScript(t, addr)
	as := func(key string) { p.header = but(fromScript(), "Cookie", cookieName+"="+key) }
	as("moh-desk")
	p.ask(1500)
	for _, key := range []string{"moh-other", "mof-desk", "", "none"} {
		as(key)
		want := 404
		if !strings.Contains(key, "-") {
			want = 401
		}
		for _, path := range []string{morePath, stopPath} {
			resp, err := p.open(t.Context(), path, strings.Replace(p.have(), `,"have"`, map[string]string{morePath: `,"have"`, stopPath: `,"leaving":false,"`}[path], 1), noCut)
			if path == stopPath {
				resp, err = p.open(t.Context(), path, fmt.Sprintf(`{"id":%q}`, p.id), noCut)
				want = map[int]int{404: 204, 401: 401, 204: 204}[want]
			}
			if err != nil || resp.StatusCode != want {
				t.Errorf("%q %s: %v %v, want %d", key, path, resp, err, want)
			}
		}
	}
	as("moh-desk")
	if !p.more(3000) && s.ended.Load() > 0 {
		t.Error("somebody else stopped it")
	}
	keys.revoke("moh-desk")
	g.EndCaller("desk")
	if err := <-s.why; err != errRevoked {
		t.Errorf("after its key was revoked the answer ended with %v", err)
	}
	if resp, err := p.open(t.Context(), morePath, p.have(), noCut); err != nil || resp.StatusCode != 401 {
		t.Errorf("with a revoked key: %v %v", resp, err)
	}
	keys.revoke("")
	if resp, err := p.open(t.Context(), morePath, p.have(), noCut); err != nil || resp.StatusCode != 404 {
		t.Errorf("with its key again: %v %v", resp, err)
	}
}

func TestResumeBadInput(t *testing.T) {
	s := newSpeaking(time.Millisecond)
	addr, _ := start(t, s.fake, Options{})
	p := newScript(t, addr)
	p.ask(noCut)
	good := strings.Repeat("a", 32)
	for _, tt := range []struct {
		name, path, body string
		header           []string
		status           int
		want             string
	}{
		{"a short id", "/ask", scriptAsk, []string{answerHeader, "abc"}, 400, "not an id of 22 to 64"},
		{"a long id", "/ask", scriptAsk, []string{answerHeader, strings.Repeat("a", 65)}, 400, "not an id"},
		{"a very long id", "/ask", scriptAsk, []string{answerHeader, strings.Repeat("a", 7000)}, 400, "not an id"},
		{"an id with other letters", "/ask", scriptAsk, []string{answerHeader, strings.Repeat("ä", 20)}, 400, "not an id"},
		{"a long id to go on with", morePath, `{"id":"` + strings.Repeat("a", 9000) + `","have":0}`, nil, 400, "not an id"},
		{"no id", morePath, `{"have":0}`, nil, 400, "id is not an id"},
		{"no number", morePath, `{"id":"` + good + `"}`, nil, 400, "have is missing"},
		{"a number that is none", morePath, `{"id":"` + good + `","have":"1"}`, nil, 400, "whole number"},
		{"less than nothing", morePath, `{"id":"` + good + `","have":-1}`, nil, 400, "from 0"},
		{"more than there is", morePath, `{"id":"` + p.id + `","have":9999999}`, nil, 404, "answer_gone"},
		{"more than a number holds", morePath, `{"id":"` + p.id + `","have":99999999999999999999}`, nil, 400, "whole number"},
		{"an unknown id", morePath, `{"id":"` + good + `","have":0}`, nil, 404, "answer_gone"},
		{"an unknown field", morePath, `{"id":"` + good + `","have":0,"key":"x"}`, nil, 400, "no field"},
		{"no JSON", morePath, `id`, nil, 400, "invalid_request"},
		{"nothing", stopPath, ``, nil, 400, "invalid_request"},
		{"a form", morePath, `id=` + good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "application/json"},
		{"from elsewhere", morePath, `{"id":"` + p.id + `","have":0}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross_site"},
		{"stop from elsewhere", stopPath, `{"id":"` + p.id + `"}`, []string{"Sec-Fetch-Site", "same-site"}, 403, "cross_site"},
		{"without a cookie", morePath, `{"id":"` + p.id + `","have":0}`, []string{"Cookie", ""}, 401, "invalid_api_key"},
		{"with a server's key", morePath, `{"id":"` + p.id + `","have":0}`, []string{"Authorization", "Bearer " + secret}, 403, "page key"},
	} {
		resp, body := send(t, "POST", "http://"+addr+tt.path, tt.body, but(fromScript(), tt.header...)...)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) || len(body) > 500 {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT"} {
		if resp, _ := send(t, method, "http://"+addr+morePath, "", fromScript()...); resp.StatusCode != 405 {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
	if s.asked.Load() != 1 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

// TestResumeHTTP10 goes on over HTTP/1.0, whose answers end with the connection.
func TestResumeHTTP10(t *testing.T) {
	s := newSpeaking(time.Millisecond)
	addr, _ := start(t, s.fake, Options{})
	p := newScript(t, addr)
	p.ask(2500)
	n, body := len(p.events), p.have()
	conn := dial(t, addr, fmt.Sprintf("POST %s HTTP/1.0\r\nHost: localhost\r\nCookie: %s=%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", morePath, cookieName, secret, len(body), body))
	text, err := io.ReadAll(conn)
	_, rest, ok := strings.Cut(string(text), "\r\n\r\n")
	if err != nil || !ok || !strings.HasPrefix(rest, string(pingFrame)) {
		t.Fatalf("%v %.300s", err, text)
	}
	for line := range strings.Lines(rest) {
		if data, ok := strings.CutPrefix(line, "data: {"); ok {
			p.events = append(p.events, "{"+data)
		}
	}
	if n == 0 || n == len(p.events) {
		t.Errorf("%d events before, %d in the end", n, len(p.events))
	}
	p.checkWhole()
}

// TestResumeFramed goes on in a frame, for the holder of a page key.
func TestResumeFramed(t *testing.T) {
	s := newSpeaking(time.Millisecond)
	addr, _ := startWith(t, s.fake, pageKeys{}, Options{Pages: pageKeys{}})
	p := newScript(t, addr)
	p.header = []string{"Authorization", "Bearer " + pageSecret, "Content-Type", "application/json", "Origin", "http://" + addr, "Sec-Fetch-Site", "same-origin", sessionName, "one"}
	p.read(p.open(t.Context(), embedPath, scriptAsk, 2000, answerHeader, p.id))
	p.header[len(p.header)-1] = "another" // the frame was loaded again
	for !p.more(1500) {
	}
	p.checkWhole()
	if s.asked.Load() != 1 {
		t.Errorf("asked %d times", s.asked.Load())
	}
	resp, err := p.open(t.Context(), morePath, p.have(), noCut, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if err != nil || resp.StatusCode != 403 {
		t.Errorf("from another site: %v %v", resp, err)
	}
}

// TestResumeFailing tells what went wrong with an answer to who comes back for it.
func TestResumeFailing(t *testing.T) {
	fail := make(chan bool)
	f := &fake{answer: func(ctx context.Context, r serving.Request, yield func(serving.Event, error) bool) {
		if strings.Contains(r.Messages[0].Content, "panic") {
			panic("our mistake")
		}
		if yield(plan1, nil) {
			<-fail
			yield(nil, fault.Unavailable.Errorf("the model server is gone"))
		}
	}}
	addr, _ := start(t, f, Options{})
	p := newScript(t, addr)
	p.ask(400)
	close(fail)
	n := len(p.events)
	p.more(noCut)
	if all := strings.Join(p.events[n:], ""); strings.Count(all, `"error"`) != 1 || !strings.Contains(all, "the model server is gone") {
		t.Errorf("told %s", all)
	}
	p = newScript(t, addr)
	for range 2 { // and again
		resp, err := p.open(t.Context(), "/ask", strings.Replace(scriptAsk, "Эмне", "panic", 1), noCut, answerHeader, p.id)
		if err != nil || resp.StatusCode != 500 {
			t.Errorf("%v %v, want 500", resp, err)
		}
	}
}

// TestSlowReader has a reader who takes an answer slowly, with room for little
// of it: the model waits, and all arrives.
func TestSlowReader(t *testing.T) {
	s := newSpeaking(0)
	addr, g := start(t, s.fake, Options{})
	g.answers.most.bytes = 1500
	for range 20 {
		p := newScript(t, addr)
		p.ask(noCut)
		p.checkWhole()
		for _, o := range kept(g) {
			if o.size > 1500 {
				t.Errorf("%d bytes are kept", o.size)
			}
		}
		if resp, err := p.open(t.Context(), morePath, fmt.Sprintf(`{"id":%q,"have":0}`, p.id), noCut); err != nil || resp.StatusCode != 404 {
			t.Errorf("from the start, which is not kept any more: %v %v", resp, err)
		}
	}
}

func kept(g *Gateway) []*ongoing {
	g.answers.mu.Lock()
	defer g.answers.mu.Unlock()
	var list []*ongoing
	for _, o := range g.answers.byName {
		list = append(list, o)
	}
	return list
}

// TestNoRoomAlone ends an answer that nobody listens to when it has become long.
func TestNoRoomAlone(t *testing.T) {
	s := newSpeaking(time.Millisecond)
	addr, g := start(t, s.fake, Options{})
	g.answers.most.bytes = 2000
	p := newScript(t, addr)
	p.ask(1200)
	select {
	case err := <-s.why:
		if err != errLeft {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it goes on")
	}
}

// TestAbandoned leaves a thousand answers: few go on, nothing of them stays,
// and who asks then is answered as ever.
func TestAbandoned(t *testing.T) {
	s := newSpeaking(2 * time.Second)
	addr, g := start(t, s.fake, Options{ResumeFor: time.Second})
	g.answers.most.alone, g.answers.most.all = 8, 32
	var wg sync.WaitGroup
	most := 0 // went on for nobody at a time
	slots := make(chan bool, 50)
	for range 1000 {
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			p := newScript(t, addr)
			p.ask(400)
			if n := len(kept(g)); n > 32 {
				t.Errorf("%d are kept", n)
			}
			g.answers.mu.Lock()
			defer g.answers.mu.Unlock()
			most = max(most, g.answers.alone)
		})
	}
	working := atWork()
	wg.Wait()
	time.Sleep(200 * time.Millisecond)
	if most == 0 || most > 8 || working == 0 {
		t.Errorf("%d went on for nobody, of at most 8, in %d goroutines", most, working)
	}
	if going := s.asked.Load() - s.ended.Load(); going > 8 {
		t.Errorf("%d go on for nobody, of at most 8", going)
	}
	deadline := time.Now().Add(5 * time.Second)
	for s.asked.Load() != s.ended.Load() || len(kept(g)) > 0 || atWork() > 0 {
		if time.Sleep(10 * time.Millisecond); time.Now().After(deadline) {
			t.Fatalf("%d asked, %d ended, %d kept, %d goroutines at work", s.asked.Load(), s.ended.Load(), len(kept(g)), atWork())
		}
	}
	if g.answers.alone != 0 {
		t.Errorf("%d are thought to be alone", g.answers.alone)
	}
	s.pause = 0
	p := newScript(t, addr)
	p.ask(noCut)
	p.checkWhole()
}

// atWork counts the goroutines of answers and streams. (fasthttp keeps those of
// connections for a while.)
func atWork() int {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return strings.Count(string(stacks), "created by tilgate/serving/gateway.(*Gateway)")
}

// TestKeptLast forgets the oldest answer that is over when a new one needs room.
func TestKeptLast(t *testing.T) {
	s := newSpeaking(0)
	addr, g := start(t, s.fake, Options{})
	g.answers.most.all = 3
	var asked []*pageScript
	for range 5 {
		p := newScript(t, addr)
		p.ask(noCut)
		g.answers.working.Wait()
		asked = append(asked, p)
	}
	for i, p := range asked {
		want := 200
		if i < 2 {
			want = 404
		}
		if resp, err := p.open(t.Context(), morePath, p.have(), noCut); err != nil || resp.StatusCode != want {
			t.Errorf("answer %d: %v %v, want %d", i, resp, err, want)
		}
	}
}

// TestResumeShutdown has the server stop while one answer is read and another
// was left: the one comes to its end, the other ends, and both are recorded
// before Shutdown returns.
func TestResumeShutdown(t *testing.T) {
	s := newSpeaking(2 * time.Millisecond)
	addr, g := start(t, s.fake, Options{})
	gone, reads := newScript(t, addr), newScript(t, addr)
	gone.ask(1200)
	read := make(chan bool)
	go func() {
		reads.ask(noCut)
		close(read)
	}()
	for s.asked.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if s.ended.Load() != 2 {
		t.Errorf("%d of 2 answers have ended", s.ended.Load())
	}
	if err := <-s.why; err != errDraining && err != errLeft { // as it is noticed first
		t.Errorf("the one that was left ended with %v", err)
	}
	<-read
	reads.checkWhole()
}

// TestWithoutID has a page of an older version ask: what it leaves ends.
func TestWithoutID(t *testing.T) {
	f, waiting, ended := waits(plan1)
	addr, _ := start(t, f, Options{})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest("POST", "http://"+addr+"/ask", strings.NewReader(scriptAsk))
	for h := range slices.Chunk(fromScript(), 2) {
		req.Header.Set(h[0], h[1])
	}
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	<-waiting
	conn.Close()
	checkEnded(t, ended, time.Now())
}
