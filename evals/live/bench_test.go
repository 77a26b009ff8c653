package live

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tilgate/evals"
)

// BenchmarkAsk64 asks 64 at once of a server in another process that takes a
// second for an answer, in so many chunks. It reports the CPU of this process.
func BenchmarkAsk64(b *testing.B) {
	for _, chunks := range []int{1, 50} {
		b.Run(fmt.Sprintf("chunks=%d", chunks), func(b *testing.B) { ask64(b, otherProcess(b, chunks)) })
	}
}

func ask64(b *testing.B, url string) {
	const atOnce = 64
	s, err := Dial(b.Context(), Options{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	m := s.Target("m")
	before, asked := cpu(b), 0
	for b.Loop() {
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				if a, err := m.Ask(b.Context(), question(evals.Open)); err != nil || a.Tokens != 3 {
					b.Errorf("%+v, %v", a, err)
				}
			})
		}
		all.Wait()
		asked += atOnce
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(asked), "cpu-µs/request")
}

// fakeChunks is the variable that makes the test a server.
const fakeChunks = "TILGATE_LIVE_FAKE_CHUNKS"

// otherProcess starts this program again, as a server, and returns its address.
func otherProcess(b *testing.B, chunks int) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", fakeChunks, chunks))
	stdin, err := cmd.StdinPipe() // whose end ends it
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// serveChunks answers every chat in so many chunks and a second, until its
// input ends.
func serveChunks(chunks int) {
	pieces := make([]string, chunks, chunks+1)
	for i := range pieces {
		pieces[i] = piece("Бишкек ")
	}
	answer := slowly(time.Second/time.Duration(chunks), append(pieces, stop+used+doneData)...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case chatPath:
			_, _ = io.Copy(io.Discard, r.Body)
			answer(w, r)
		case "/v1/models":
			says(modelList)(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// cpu returns the time that the process has had, of user and system.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRead is the client's part of it alone: to read an answer of 50 chunks.
func BenchmarkRead(b *testing.B) {
	body := ""
	for range 50 {
		body += piece("Бишкек ")
	}
	body += stop + used + doneData
	b.ReportAllocs()
	for b.Loop() {
		k := &talk{writer: newWriter()}
		if err := k.read(newReply(strings.NewReader(body))); err != nil {
			b.Fatal(err)
		}
	}
}
