// Package sign is who vouches for what: secrets that sign, keys that check,
// and the file of the keys that are trusted.
//
// A secret may sign several kinds of things, so each signature is made in a
// context, which says what kind it is on: a signature on one kind is never one
// on another. A key is likewise trusted for some kinds alone. Signatures are
// Ed25519.
package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"tilgate/internal/fault"
)

// A Key checks signatures. As text it is "tgv-" and base64.
type Key struct{ public ed25519.PublicKey }

// A Secret makes signatures. As text it is "tgs-" and base64.
type Secret struct{ private ed25519.PrivateKey }

const (
	keyPrefix    = "tgv-"
	secretPrefix = "tgs-"
)

// Sizes in bytes.
const (
	KeySize       = ed25519.PublicKeySize
	SignatureSize = ed25519.SignatureSize
)

// NewSecret returns a fresh secret.
func NewSecret() Secret {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand ends the program before it fails
	}
	return Secret{private}
}

// Sign returns the signature on body, as the kind of thing that context says,
// such as "tilgate verdict 1".
func (s Secret) Sign(context string, body []byte) []byte {
	return ed25519.Sign(s.private, message(context, body))
}

// Verify reports whether the holder of a secret of one of keys signed body in
// this context.
func Verify(context string, body, signature []byte, keys ...Key) bool {
	signed := message(context, body)
	return slices.ContainsFunc(keys, func(k Key) bool {
		return !k.IsZero() && ed25519.Verify(k.public, signed, signature)
	})
}

// message is what is signed. Of two contexts of one line each, none begins
// with the other and its line end.
func message(context string, body []byte) []byte {
	if strings.Contains(context, "\n") {
		panic("sign: a context is one line")
	}
	return slices.Concat([]byte(context), []byte{'\n'}, body)
}

// Key returns the key that checks what s signs.
func (s Secret) Key() Key { return Key{s.private.Public().(ed25519.PublicKey)} }

func (s Secret) String() string {
	return secretPrefix + base64.RawURLEncoding.EncodeToString(s.private.Seed())
}

// ParseSecret reads what String wrote.
func ParseSecret(text string) (Secret, error) {
	seed, err := decode(text, secretPrefix, ed25519.SeedSize)
	if err != nil {
		return Secret{}, fault.Invalid.Wrap(err, `this is not a secret that signs, which begins with "tgs-"`)
	}
	return Secret{ed25519.NewKeyFromSeed(seed)}, nil
}

// KeyOf returns the key with these bytes.
func KeyOf(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fault.Invalid.Errorf("a key has %d bytes, not %d", KeySize, len(b))
	}
	return Key{bytes.Clone(b)}, nil
}

// Bytes returns the key's; KeyOf reads them.
func (k Key) Bytes() []byte { return bytes.Clone(k.public) }

// IsZero reports whether k is no key, which checks nothing.
func (k Key) IsZero() bool { return len(k.public) == 0 }

// Equal reports whether two keys are the same.
func (k Key) Equal(other Key) bool { return bytes.Equal(k.public, other.public) }

func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return keyPrefix + base64.RawURLEncoding.EncodeToString(k.public)
}

// MarshalText writes the key.
func (k Key) MarshalText() ([]byte, error) {
	if k.IsZero() {
		return nil, nil
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *Key) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if bytes.HasPrefix(text, []byte(secretPrefix)) {
		return fault.Invalid.Errorf("a secret stands where its key belongs; make a new one, since this one has been seen")
	}
	public, err := decode(string(text), keyPrefix, ed25519.PublicKeySize)
	if err != nil {
		return fault.Invalid.Wrap(err, `this is not a key that checks signatures, which begins with "tgv-"`)
	}
	k.public = public
	return nil
}

func decode(text, prefix string, size int) ([]byte, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), prefix)
	if !ok {
		return nil, fmt.Errorf("it does not begin with %s", prefix)
	}
	data, err := base64.RawURLEncoding.DecodeString(rest)
	if err == nil && len(data) != size {
		err = fmt.Errorf("it has %d bytes, not %d", len(data), size)
	}
	return data, err
}
