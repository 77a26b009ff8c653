package gateway

import (
	"bytes"
	"strings"
	"tilgate/internal/lang"
)

// mediaKeys are followed by what a model is to see or hear: an address, or an
// object with one. A model server would fetch it from wherever the caller
// says, with the server's rights.
var mediaKeys = []string{"image_url", "audio_url", "video_url", "file_url", "input_image", "image"}

// walk passes over any value, the one of key if that is not nil, checking that
// it is JSON and looking for addresses of media, however deep they stand.
func (p *peeker) walk(key []byte) error {
	media := key != nil && isMedia(key)
	switch p.kind() {
	case '{':
		return p.each('}', func() error {
			inner, err := p.rawKey()
			if err != nil {
				return err
			}
			if media && isURL(inner) && p.kind() == '"' {
				return p.address()
			}
			return p.walk(inner)
		})
	case '[':
		return p.each(']', func() error { return p.walk(key) })
	case '"':
		if media {
			return p.address()
		}
		if string(key) == "images" { // Ollama's, in base64
			at := p.pos
			err := p.skip()
			p.media += p.pos - at
			return err
		}
	}
	return p.skip()
}

// address reads where media lie.
func (p *peeker) address() error {
	url, err := p.text("image_url")
	if err != nil {
		return err
	}
	if trimmed := strings.TrimSpace(url); strings.Contains(trimmed, ":") && !hasScheme(trimmed, "data") {
		p.remote = append(p.remote, trimmed)
	}
	p.media += len(url)
	return nil
}

// chars counts the characters of a body, an escape as the one that it stands
// for: who escapes all that is not ASCII is not to pay for six.
func chars(body []byte) int {
	n := lang.Runes(body)
	for rest := body; ; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 || i+1 >= len(rest) {
			return n
		}
		n--
		if rest[i+1] != 'u' || i+6 > len(rest) {
			rest = rest[i+2:]
			continue
		}
		n -= 4
		if c := rest[i+3] | 0x20; rest[i+2]|0x20 == 'd' && c >= 'c' && c <= 'f' {
			n-- // the second half of a pair
		}
		rest = rest[i+6:]
	}
}

func hasScheme(url, scheme string) bool {
	return len(url) > len(scheme) && strings.EqualFold(url[:len(scheme)], scheme) && url[len(scheme)] == ':'
}

func isMedia(key []byte) bool {
	if bytes.IndexByte(key, '\\') < 0 && bytes.IndexByte(key, '_') < 0 && len(key) != len("image") {
		return false // nearly all of them
	}
	text := keyText(key)
	for _, name := range mediaKeys {
		if strings.EqualFold(text, name) {
			return true
		}
	}
	return false
}

func isURL(key []byte) bool { return strings.EqualFold(keyText(key), "url") }
