package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"tilgate/serving"
)

func TestAccepted(t *testing.T) {
	for _, tt := range []struct{ accept, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"X-Gzip", "gzip"},
		{"gzip, deflate, br, zstd", "zstd br gzip"},
		{"zstd;q=0.1, gzip;q=0.9", "gzip zstd"},
		{"br;q=1.0, gzip;q=0", "br"},
		{"*", "zstd br gzip"},
		{"*;q=0.5, br;q=0", "zstd gzip"},
		{"gzip;q=0.5, identity", ""},
		{"gzip, identity;q=0.5", "gzip"},
		{"identity", ""},
		{"deflate", ""},
		{"gzip;q=2", ""},
		{"gzip;q=NaN", ""},
		{"gzip;q=-1", ""},
		{"gzip;level=9", ""},
		{";q=1,,;", ""},
		{"gzip ; q = 0.3", "gzip"},
	} {
		var h fasthttp.RequestHeader
		if tt.accept != "" {
			h.Set("Accept-Encoding", tt.accept)
		}
		if got := strings.Join(accepted(&h, inZstd, inBr, inGzip), " "); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.accept, got, tt.want)
		}
	}
}

func FuzzAccepted(f *testing.F) {
	f.Add("gzip;q=0.5, *;q=0, identity;q=1")
	f.Fuzz(func(t *testing.T, accept string) {
		var h fasthttp.RequestHeader
		h.Set("Accept-Encoding", accept)
		list := accepted(&h, inZstd, inBr, inGzip)
		slices.Sort(list)
		if len(slices.Compact(list)) != len(list) {
			t.Errorf("%q gives %q", accept, list)
		}
	})
}

// unpack reads what is packed.
func unpack(t testing.TB, name string, r io.Reader) io.Reader {
	t.Helper()
	switch name {
	case inGzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		return z
	case inBr:
		return brotli.NewReader(r)
	case inZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(z.Close)
		return z
	}
	return r
}

// post sends a question and returns the answer as it comes.
func post(t testing.TB, addr, body string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+addr+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Accept-Encoding", "identity") // else the client unpacks for us
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestPackedBody compares a packed answer with the same one as it is.
func TestPackedBody(t *testing.T) {
	object := `{"object":"chat.completion","text":"` + strings.Repeat("Аялдар 58 жаштан пенсияга чыгат. ", 100) + `"}`
	small := `{"object":"chat.completion"}`
	f := &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) {
		yield([]byte(map[string]string{"big": object, "small": small}[r.Model]), nil)
	}}
	addr, _ := start(t, f, Options{})
	for _, tt := range []struct{ model, accept, encoding string }{
		{"big", "zstd", "zstd"}, {"big", "br", "br"}, {"big", "gzip", "gzip"}, {"big", "gzip, br, zstd", "zstd"},
		{"big", "identity", ""}, {"big", "deflate", ""}, {"small", "gzip", ""},
	} {
		resp := post(t, addr, `{"model":"`+tt.model+`"}`, "Accept-Encoding", tt.accept)
		packed, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(unpack(t, resp.Header.Get("Content-Encoding"), bytes.NewReader(packed)))
		want := map[string]string{"big": object, "small": small}[tt.model]
		if err != nil || string(plain) != want {
			t.Errorf("%v: %v, %q", tt, err, plain)
		}
		if got := resp.Header.Get("Content-Encoding"); got != tt.encoding {
			t.Errorf("%v: sent as %q", tt, got)
		}
		if resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%v: Vary is %q", tt, resp.Header.Values("Vary"))
		}
		if tt.encoding != "" && len(packed) > len(want)/5 {
			t.Errorf("%v: %d bytes of %d", tt, len(packed), len(want))
		}
	}
}

// TestPackedStream lets the answer go on only when the reader has the piece
// before, unpacked: nothing waits in a compressor.
func TestPackedStream(t *testing.T) {
	big := strings.Repeat("Бул сүйлөм узун. ", 2000)
	words := []string{"30 күн ", "ичинде [1]", big, "дагы", big, "аягы"}
	for _, accept := range []string{inGzip, inZstd, inBr, "identity"} {
		t.Run(accept, func(t *testing.T) {
			seen := make(chan struct{}, 1)
			f := &fake{answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
				events := []serving.Event{plan1}
				for _, w := range words {
					events = append(events, serving.Delta{Text: w})
				}
				for _, e := range append(events, done1) {
					if !yield(e, nil) {
						return
					}
					if _, last := e.(serving.Done); last {
						return
					}
					select {
					case <-seen:
					case <-ctx.Done():
						t.Error("the reader left")
						return
					}
				}
			}}
			addr, _ := start(t, f, Options{PingEvery: time.Minute})
			resp := post(t, addr, askStream, "Accept-Encoding", accept)
			r, got := unpack(t, resp.Header.Get("Content-Encoding"), resp.Body), ""
			for chunk := make([]byte, 64<<10); ; {
				n, err := r.Read(chunk)
				before := strings.Count(got, "\n\n")
				got += string(chunk[:n])
				for range strings.Count(got, "\n\n") - before {
					select {
					case seen <- struct{}{}:
					default: // the end, which waits for nobody
					}
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%v after %d bytes", err, len(got))
				}
			}
			if list := events(t, got); len(list) != len(words)+4 || list[len(list)-1] != "[DONE]" {
				t.Errorf("%d events: %.300q", len(list), got)
			}
			if accept != "identity" && resp.Header.Get("Content-Encoding") != accept {
				t.Errorf("sent as %q", resp.Header.Get("Content-Encoding"))
			}
			if resp.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary is %q", resp.Header.Values("Vary"))
			}
		})
	}
}

// TestHeavyStreams asks for more streams in zstd than there is memory for.
func TestHeavyStreams(t *testing.T) {
	addr, g := start(t, &fake{}, Options{})
	for range maxHeavy {
		g.heavy <- struct{}{}
	}
	for accept, want := range map[string]string{"zstd": "", "zstd, gzip;q=0.5": "gzip"} {
		resp := post(t, addr, askStream, "Accept-Encoding", accept)
		text, err := io.ReadAll(unpack(t, resp.Header.Get("Content-Encoding"), resp.Body))
		if resp.Header.Get("Content-Encoding") != want || err != nil || !strings.HasSuffix(string(text), "[DONE]\n\n") {
			t.Errorf("%s: %q, %v, %q", accept, resp.Header, err, text)
		}
	}
	for range maxHeavy {
		<-g.heavy
	}
	for range 3 {
		io.Copy(io.Discard, post(t, addr, askStream, "Accept-Encoding", "br").Body)
		post(t, addr, askStream, "Accept-Encoding", "zstd").Body.Close() // and leaves
	}
	for n := 0; len(g.heavy) > 0; n++ { // given back when the stream is closed, just after its last byte
		if n == 1000 {
			t.Fatalf("%d places were not given back", len(g.heavy))
		}
		time.Sleep(time.Millisecond)
	}
}

// FuzzPackedStream cuts a text into pieces; packed and unpacked it is the same,
// and each piece can be read at once.
func FuzzPackedStream(f *testing.F) {
	f.Add([]byte("data: one\n\ndata: two\n\n"), uint16(3))
	f.Add(bytes.Repeat([]byte("пенсия "), 9000), uint16(40000))
	f.Fuzz(func(t *testing.T, text []byte, size uint16) {
		for _, name := range []string{inGzip, inZstd, inBr} {
			var packed bytes.Buffer
			p := newPacker(name, &packed)
			for piece := range slices.Chunk(text, int(size)+1) {
				if _, err := p.Write(piece); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.end(true); err != nil {
				t.Fatal(err)
			}
			if len(text) == 0 {
				continue
			}
			got, err := io.ReadAll(unpack(t, name, &packed))
			if err != nil || !bytes.Equal(got, text) {
				t.Fatalf("%s: %v, %q for %q", name, err, got, text)
			}
		}
	})
}

func TestUnpackedRequest(t *testing.T) {
	addr, _ := start(t, &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) {
		yield(r.Body, nil)
	}}, Options{MaxBody: 64 << 10})
	pad := func(n int) string { return `{"model":"plain","x":"` + strings.Repeat("a", n) + `"}` }
	for _, name := range []string{inGzip, inZstd, inBr} {
		for _, tt := range []struct {
			what, body string
			status     int
			want       string
		}{
			{"packed", string(packBody(name, []byte(pad(3000)))), 200, pad(3000)},
			{"a bomb", string(packBody(name, []byte(pad(4<<20)))), 413, "once it is unpacked; the most is 65536 bytes"},
			{"one byte too much", string(packBody(name, []byte(pad(64<<10)))), 413, "once it is unpacked"},
			{"cut short", string(packBody(name, []byte(pad(3000)))[:20]), 400, "not whole " + name},
			{"something else", pad(10), 400, "not whole " + name},
			{"nothing", "", 400, ""},
		} {
			resp := post(t, addr, tt.body, "Content-Encoding", name)
			got, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(got), tt.want) {
				t.Errorf("%s, %s: %v %d %.200s", name, tt.what, err, resp.StatusCode, got)
			}
		}
	}
	// A frame that says at its beginning how large it will be.
	says := must(zstd.NewWriter(nil)).EncodeAll([]byte(pad(4<<20)), nil)
	if resp := post(t, addr, string(says), "Content-Encoding", "zstd"); resp.StatusCode != 413 {
		t.Errorf("a bomb that says so: %d", resp.StatusCode)
	}
	resp := post(t, addr, ask, "Content-Encoding", "identity")
	if resp.StatusCode != 200 {
		t.Errorf("identity: %d", resp.StatusCode)
	}
	resp = post(t, addr, ask, "Content-Encoding", "deflate")
	if resp.StatusCode != 415 || resp.Header.Get("Accept-Encoding") != "gzip, zstd, br" {
		t.Errorf("deflate: %d %v", resp.StatusCode, resp.Header)
	}
}

// TestPackerMemory measures what an open stream keeps.
func TestPackerMemory(t *testing.T) {
	for name, most := range map[string]int{inGzip: 8 << 10, inZstd: 700 << 10, inBr: 500 << 10} {
		const n = 64
		var before, after runtime.MemStats
		runtime.GC()
		runtime.GC() // what the pools held goes at the second
		runtime.ReadMemStats(&before)
		open := make([]packer, n)
		for i := range open {
			open[i] = newPacker(name, io.Discard)
			for k := range 60 {
				fmt.Fprintf(open[i], "data: {\"n\":%d,\"text\":\"Аялдар %d жаштан пенсияга чыгат, эркектер %d жаштан.\"}\n\n", k, k*i, i)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := (int(after.HeapAlloc) - int(before.HeapAlloc)) / n
		t.Logf("%s: %d kB of heap a stream", name, each>>10)
		if each > most {
			t.Errorf("%s: %d bytes a stream, more than %d", name, each, most)
		}
		for _, p := range open {
			p.end(false)
		}
	}
}

func BenchmarkPackedEvent(b *testing.B) {
	event := []byte(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764256789,"model":"auto","choices":[{"index":0,"delta":{"content":"Аялдар 58 жаштан пенсияга чыгат."},"finish_reason":null}]}` + "\n\n")
	for _, name := range []string{inGzip, inZstd, inBr} {
		b.Run(name, func(b *testing.B) {
			p := newPacker(name, io.Discard)
			b.ReportAllocs()
			for b.Loop() {
				p.Write(event)
			}
		})
	}
}
