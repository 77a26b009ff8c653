package ragtest

import (
	"flag"
	"net"
	"os"
	"strconv"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"go.uber.org/goleak"

	"tilgate/rag/engine/enginetest"
)

func TestEngine(t *testing.T) {
	_, client := enginetest.Open(t)
	TestServer(t, client)
}

func TestQdrant(t *testing.T) {
	addr := os.Getenv("TILGATE_TEST_QDRANT")
	if addr == "" {
		t.Skip("TILGATE_TEST_QDRANT, the gRPC address of a Qdrant server, is not set")
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	client, err := pb.NewClient(&pb.Config{Host: host, Port: n, PoolSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	TestServer(t, client)
}

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "40") // more with -rapid.checks
	goleak.VerifyTestMain(m)
}
