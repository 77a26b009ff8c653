package lang

import (
	"encoding/binary"
	"math/bits"
)

// Runes counts the characters of valid UTF-8, eight bytes at a time.
// utf8.RuneCount makes a copy of what it is given first.
func Runes(s []byte) int {
	n := len(s)
	for ; len(s) >= 8; s = s[8:] {
		w := binary.LittleEndian.Uint64(s)
		n -= bits.OnesCount64(w >> 7 & ^(w >> 6) & 0x0101010101010101) // bytes 10xxxxxx go on
	}
	for _, b := range s {
		if b&0xC0 == 0x80 {
			n--
		}
	}
	return n
}
