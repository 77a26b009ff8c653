package send

import (
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/internal/outbound/outboundtest"
)

func resolver(name, address string) *net.Resolver {
	return outboundtest.Resolver(map[string]string{name: address})
}

// startRedis starts a real server, and returns its URL and what ends it.
func startRedis(t *testing.T, args ...string) (url string, kill func()) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	ln.Close()
	cmd := exec.Command("redis-server", append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(kill)
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			io.WriteString(c, "PING\r\n")
			n, _ := c.Read(make([]byte, 16))
			c.Close()
			if n > 0 {
				return "redis://" + address + "/0", kill
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return "", nil
}

func TestQueue(t *testing.T) {
	url, kill := startRedis(t, "--requirepass", "pa55")
	q, err := NewQueue(QueueOptions{URL: url, Password: "pa55", Stream: "moh", Keep: time.Hour, Links: "https://ask.moh.example"}, outbound.Way{Site: "KG"})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	opts, _ := redis.ParseURL(url)
	opts.Password = "pa55"
	reader := redis.NewClient(opts)
	defer reader.Close()
	old := strconv.FormatInt(time.Now().Add(-2*time.Hour).UnixMilli(), 10)
	for i := range 300 { // more than a node of the stream holds, which is taken off as a whole
		if err := reader.XAdd(t.Context(), &redis.XAddArgs{Stream: "moh", ID: old + "-" + strconv.Itoa(i+1), Values: []any{"id", "ho-old"}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	c := waiting()
	if err := q.Send(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	list, err := reader.XRevRangeN(t.Context(), "moh", "+", "-", 1).Result()
	if err != nil || len(list) != 1 || list[0].Values["id"] != c.ID {
		t.Fatalf("%v %v", list, err)
	}
	var got told
	if err := json.Unmarshal([]byte(list[0].Values["case"].(string)), &got); err != nil || got.Messages[0] != c.Messages[0] || got.Reply.Secret != c.Secret {
		t.Errorf("%+v %v", got, err)
	}
	if n, _ := reader.XLen(t.Context(), "moh").Result(); n > 120 {
		t.Errorf("%d are kept, though they are old", n)
	}
	if err := q.Send(outbound.WithSites(t.Context(), []string{"UZ"}), c); !fault.Forbidden.Is(err) {
		t.Errorf("a key that is bound to another site: %v", err)
	}
	kill()
	if err := q.Send(t.Context(), c); err == nil || strings.Contains(err.Error(), "Паспорт") {
		t.Errorf("while it is down: %v", err)
	}
	if _, err := NewQueue(QueueOptions{URL: "http://x"}, outbound.Way{}); err == nil {
		t.Error("what is no URL of Redis is taken")
	}
}
