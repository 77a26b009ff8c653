// Package auth knows who is calling, by the key they show.
//
// A key is a secret of 256 random bits. Only its SHA-256 is kept: whoever
// reads the configuration or the memory of a backup cannot call, and a plain
// hash is enough because there is nothing to guess in a random key. The set of
// keys can be swapped while requests are being answered.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"tilgate/internal/fault"
)

// prefix marks a secret as ours, so that a scanner that finds one in a public
// repository can say whose it is. The secret of a page key begins with
// pagePrefix: it is no secret, and opens nothing but a key that is marked so.
const (
	prefix     = "tg-"
	pagePrefix = "tgp-"
)

// A Hash is the SHA-256 of a secret. As text it is 64 hexadecimal digits.
type Hash [sha256.Size]byte

// HashOf returns the hash that is kept of a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	if strings.HasPrefix(string(text), prefix) || strings.HasPrefix(string(text), pagePrefix) {
		return fault.Invalid.Errorf("a secret stands where its hash belongs; put the SHA-256 of the key there and change the key")
	}
	if len(text) != hex.EncodedLen(len(h)) {
		return fault.Invalid.Errorf("a key's hash has %d hexadecimal digits, not %d characters", hex.EncodedLen(len(h)), len(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fault.Invalid.Wrap(err, "a key's hash is written in hexadecimal digits")
	}
	return nil
}

// Generate makes a secret, which is shown once, and the key to keep, which
// has no name yet.
func Generate() (secret string, key Key) { return generate(prefix) }

// GeneratePage makes a page key, as Generate does.
func GeneratePage() (secret string, key Key) {
	secret, key = generate(pagePrefix)
	key.Page = true
	return secret, key
}

func generate(prefix string) (secret string, key Key) {
	var random [32]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	secret = prefix + base64.RawURLEncoding.EncodeToString(random[:])
	return secret, Key{Hash: HashOf(secret)}
}

// Renew makes another secret for a key, which opens beside the one before until
// that is over.
func (k *Key) Renew(until time.Time) (secret string) {
	fresh := Generate
	if k.Page {
		fresh = GeneratePage
	}
	secret, made := fresh()
	k.Before, k.BeforeUntil, k.Hash = k.Hash, until, made.Hash
	return secret
}
