package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/forget"
	"tilgate/serving/auth"
)

// A comingServer is a Qdrant that comes and goes, at one address.
type comingServer struct{ address, dir string }

// come lets it answer until the caller lets it go.
func (q comingServer) come(t *testing.T) (gone func()) {
	t.Helper()
	e, err := engine.Open(q.dir, engine.Options{Log: quietLog()})
	noFault(t, err)
	ln, err := net.Listen("tcp", q.address)
	noFault(t, err)
	served := make(chan error, 1)
	go func() { served <- e.Serve(ln) }()
	return func() {
		noFault(t, e.Close())
		noFault(t, <-served)
	}
}

// lateService is a service whose Qdrant comes later: what it held was stored by
// a service before, and one of its documents is to be forgotten since.
func lateService(t *testing.T, q comingServer, sections string) (s *service, log *output, forgets func(kb, doc string)) {
	t.Helper()
	dir := t.TempDir()
	secret, key := auth.Generate()
	hash, err := key.Hash.MarshalText()
	noFault(t, err)
	config, data, manifest := filepath.Join(dir, "tilgate.toml"), filepath.Join(dir, "data"), filepath.Join(dir, "office.toml")
	head := fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n", data)
	tail := fmt.Sprintf("[ollama]\nurl = \"\"\n%s[qdrant]\naddress = %q\n[[key]]\nname = \"desk\"\nhash = %q\n", sections, q.address, hash)
	write(t, config, head+tail)
	write(t, filepath.Join(dir, "pension.txt"), "Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат. Пенсия ай сайын төлөнөт.")
	write(t, filepath.Join(dir, "complaint.txt"), "Асан Үсөн уулунун арызында кошунасынын дубалы бийик экени айтылат.")
	gone := q.come(t)
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "desk", "--lang", "ky", filepath.Join(dir, "pension.txt"), filepath.Join(dir, "complaint.txt")); code != 0 {
		t.Fatal(errOut)
	}
	gone()
	write(t, filepath.Join(dir, "library.txt"), "Шаардык китепкана дүйшөмбүдөн ишембиге чейин саат тогуздан кечки жетиге чейин ачык.")
	write(t, manifest, "name = \"office\"\nevery = \"24h\"\n[[source]]\npath = \"library.txt\"\nlang = \"ky\"\n")
	write(t, config, fmt.Sprintf("%sknowledge = [%q]\n%s", head, manifest, tail))
	log = serveHere(t, config, noEnv)
	s = &service{base: "http://" + address(t, log), key: secret}
	list, err := forget.Open(data)
	noFault(t, err)
	forgets = func(kb, doc string) {
		noFault(t, list.Add(forget.NewEntry(rag.DefaultTenant, kb, rag.Key{Lang: "ky", Doc: doc}, nil, "", time.Now())))
	}
	forgets("desk", "complaint")
	return s, log, forgets
}

const (
	readyState = `{"status":"ready"}`
	awayState  = `{"status":"degraded","degraded":"no_store","message":"the knowledge base cannot be reached"}`
)

// TestStoreComesLater starts a service with nothing at Qdrant's address. It
// answers as one whose Qdrant goes away later does, and is whole once it comes.
func TestStoreComesLater(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(openAIServer))
	t.Cleanup(upstream.Close)
	q := comingServer{freeAddress(t), t.TempDir()}
	s, log, forgets := lateService(t, q, fmt.Sprintf("[openai]\nurl = %q\nkind = \"other\"\n", upstream.URL))
	metrics := beside{metrics: "http://" + regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`).FindStringSubmatch(log.String())[1] + "/metrics"}
	const pension = "Аялдар канча жашта пенсияга чыгат?"
	without := func(when string) {
		t.Helper()
		if got := s.get(t, "/readyz"); got != awayState {
			t.Errorf("%s: readyz: %s", when, got)
		}
		a := s.ask(t, "auto", pension)
		if a.Tilgate.Degraded != "no_store" || a.Tilgate.Grounded || a.Tilgate.Model != "upstream/model" {
			t.Errorf("%s: %+v", when, a)
		}
		if said := s.ask(t, "upstream/model", "hello").message().Content; said != "HELLO" {
			t.Errorf("%s: the plain model says %q", when, said)
		}
		if text := metrics.scrape(t); !strings.Contains(text, "\ntilgate_knowledge_store_up 0\n") {
			t.Errorf("%s: the metrics do not say so", when)
		}
	}
	with := func(when string) {
		t.Helper()
		eventually(t, func() bool { return s.get(t, "/readyz") == readyState })
		if a := s.ask(t, "auto", pension); a.Tilgate.Degraded != "" || !a.Tilgate.Grounded {
			t.Errorf("%s: %+v", when, a)
		}
	}
	without("at the start")
	if !strings.Contains(log.String(), "the service starts without them, and tries again") {
		t.Error("the log does not say so")
	}
	gone := q.come(t)
	with("it has come")
	if a := s.ask(t, "auto", "Асан Үсөн уулунун арызында дубал жөнүндө эмне айтылат?"); a.Tilgate.Grounded {
		t.Errorf("what was forgotten meanwhile is answered: %+v", a)
	}
	eventually(t, func() bool { return strings.Contains(log.String(), "a knowledge base is up to date") })
	const library = "Шаардык китепкана качан ачык?"
	if a := s.ask(t, "auto", library); !a.Tilgate.Grounded { // which the manifest names
		t.Errorf("what was to be read meanwhile is not there: %+v", a)
	}
	if text := metrics.scrape(t); !strings.Contains(text, "\ntilgate_knowledge_store_up 1\n") || !strings.Contains(log.String(), "the knowledge bases can be reached now") {
		t.Errorf("neither metrics nor log say that it is there:\n%s", text)
	}
	gone()
	without("it has gone")
	forgets("office", "library")
	eventually(t, func() bool { return strings.Contains(log.String(), "it is tried again\",\"err\"") })
	gone = q.come(t)
	t.Cleanup(gone)
	eventually(t, func() bool { // its connections come back one by one
		return s.get(t, "/readyz") == readyState && s.ask(t, "auto", pension).Tilgate.Grounded
	})
	eventually(t, func() bool { return strings.Contains(log.String(), "documents are forgotten") })
	if a := s.ask(t, "auto", library); a.Tilgate.Grounded || a.Tilgate.Degraded == "no_store" {
		t.Errorf("what was to be forgotten while it was away is answered: %+v", a)
	}
}

// TestNoStoreNoModel: with neither, a question is refused clearly, and another
// machine could do no better.
func TestNoStoreNoModel(t *testing.T) {
	t.Parallel()
	s, _, _ := lateService(t, comingServer{freeAddress(t), t.TempDir()}, "")
	status, body := s.post(t, chatBody("auto", "Аялдар канча жашта пенсияга чыгат?", false))
	if status != 503 || !strings.Contains(string(body), "neither the knowledge base nor a model can be reached") {
		t.Errorf("%d %s", status, body)
	}
	if got := s.get(t, "/readyz"); got != awayState {
		t.Errorf("readyz: %s", got)
	}
}

// refusesKeys is a server that lets nobody in.
func refusesKeys(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noFault(t, err)
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return grpcstatus.Error(codes.Unauthenticated, "no") }))
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(s.Stop)
	return ln.Addr().String()
}

// TestStoreWrong: what has to be put right ends the start, as ever.
func TestStoreWrong(t *testing.T) {
	t.Parallel()
	rest := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(rest.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "tilgate.toml")
	for n, tt := range []struct{ address, want string }{
		{rest.Listener.Addr().String(), "6333 is its REST port"},
		{"http://localhost:6334", "is not host:port"},
		{refusesKeys(t), "refuses the key"},
		{"8.8.8.8:6334", "does not answer over gRPC"}, // public, and nobody said that it may be
	} {
		write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\n[ollama]\nurl = \"\"\n[qdrant]\naddress = %q\n", filepath.Join(dir, "data"), tt.address))
		if code, _, errOut := tilgate(t, "key", "create", "--config", config, fmt.Sprint("desk", n)); code != 0 {
			t.Fatal(errOut)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		log := &output{}
		if code := run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, log); code != 1 || !strings.Contains(log.String(), tt.want) {
			t.Errorf("%s: exit code %d, want 1 and %q:\n%s", tt.address, code, tt.want, log)
		}
		cancel()
	}
}
