package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// mostSecret is how long a secret may be, in bytes: a file that is larger is
// another than was meant.
const mostSecret = 64 << 10

const leastSession = 32

// readSecrets reads what does not stand in the file of the configuration: each
// secret from a variable of the environment, or from the file that the variable
// with _FILE at its end names, as Docker and Kubernetes mount secrets.
func (c *Config) readSecrets(getenv func(string) string) (faults []error) {
	read := func(to *string, name string) {
		secret, err := secretOf(getenv, name)
		if err != nil {
			faults = append(faults, err)
		}
		*to = secret
	}
	read(&c.Qdrant.APIKey, "TILGATE_QDRANT_KEY")
	read(&c.Redis.Password, "TILGATE_REDIS_PASSWORD")
	read(&c.Ledger.Password, "TILGATE_LEDGER_PASSWORD")
	read(&c.SessionSecret, "TILGATE_SESSION_SECRET")
	read(&c.Handover.Secret, "TILGATE_HANDOVER_SECRET")
	read(&c.Handover.Password, "TILGATE_HANDOVER_PASSWORD")
	read(&c.OpenAI.APIKey, "TILGATE_OPENAI_KEY")
	for i, b := range c.Backends {
		read(&c.Backends[i].APIKey, b.keyVariable())
	}
	read(&c.Embed.APIKey, "TILGATE_EMBED_KEY")
	read(&c.Rerank.APIKey, "TILGATE_RERANK_KEY")
	if n := len(c.SessionSecret); n > 0 && n < leastSession {
		faults = append(faults, fmt.Errorf("TILGATE_SESSION_SECRET has %d characters; it takes %d or more, such as openssl rand -hex 32 makes", n, leastSession))
	}
	return faults
}

// secretOf returns one secret, empty if nobody gives it. Of a file, the end
// of its only line does not count. No error holds any of it.
func secretOf(getenv func(string) string, name string) (string, error) {
	path := getenv(name + "_FILE")
	if path == "" {
		return getenv(name), nil
	}
	if getenv(name) != "" {
		return "", fmt.Errorf("%s and %[1]s_FILE are both set; one of them says what it is", name)
	}
	secret, err := readSecretFile(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return secret, nil
}

func readSecretFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostSecret+1))
	secret := strings.TrimRight(string(text), "\r\n")
	switch {
	case err != nil:
		return "", err
	case len(text) > mostSecret:
		return "", fmt.Errorf("%s has more than %d KiB; it holds the secret and nothing else", path, mostSecret>>10)
	case secret == "":
		return "", errors.New(path + " is empty; it holds the secret and nothing else")
	case strings.ContainsAny(secret, "\r\n\x00"):
		return "", errors.New(path + " has several lines; it holds the secret and nothing else")
	}
	return secret, nil
}
