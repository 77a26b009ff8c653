package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"tilgate/serving/auth"
)

// tickets is a ministry's webhook, which shows the scripts what it was told.
type tickets struct {
	mu   sync.Mutex
	told []json.RawMessage
}

const ticketSecret = "0123456789abcdef0123456789abcdef"

func (k *tickets) env(name string) string {
	return map[string]string{"TILGATE_HANDOVER_SECRET": ticketSecret}[name]
}

// config starts the webhook, and returns the section that leads to it.
func (k *tickets) config(t *testing.T) string {
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		k.mu.Lock()
		defer k.mu.Unlock()
		k.told = append(k.told, body)
	}))
	t.Cleanup(hook.Close)
	return fmt.Sprintf("[handover]\nwebhook = %q\non_guard = true\n", hook.URL)
}

func (k *tickets) list(w http.ResponseWriter, _ *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = json.NewEncoder(w).Encode(append([]json.RawMessage{}, k.told...))
}

// clerkOf returns a key that administers, and a part of a configuration in which
// it answers what is handed over.
func clerkOf(t *testing.T) (secret, config string) {
	t.Helper()
	secret, key := auth.Generate()
	hash, err := key.Hash.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return secret, fmt.Sprintf("[[key]]\nname = \"clerk\"\nhash = %q\nadmin = true\n[handover]\ninbox = true\n", hash)
}
