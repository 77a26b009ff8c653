package near

import (
	"cmp"
	"iter"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"tilgate/internal/lang"
)

const (
	shingle = 5   // letters
	slots   = 256 // of a signature
	fewest  = 24  // slots that the shingles of a text fill, if it can be compared
	piece   = 256 // bytes that are folded at once: in most there is no № or other character that makes folding slow
)

// A signature stands for the set of a text's shingles. Each shingle falls into
// one slot by its hash, and the least hash of a slot is what is kept: one hash
// function does the work of 256 (Li, Owen and Zhang, "One permutation hashing",
// 2012). Of that least hash, 16 bits tell enough (Li and König, "b-bit minwise
// hashing", 2010): one slot in 65,536 agrees by chance.
type signature struct {
	text  xxh3.Uint128 // of all of it
	short bool         // too few shingles to be compared
	slots [slots]uint16
}

// sign makes the signature of a text in a language.
func sign(tag lang.Tag, text string) *signature {
	s := &signature{text: xxh3.HashString128(text)}
	var least [slots]uint64
	for i := range least {
		least[i] = math.MaxUint64
	}
	letters := make([]byte, 0, min(len(text), piece))
	for p := range pieces(text) {
		for word := range lang.Words(lang.Fold(tag, p)) {
			letters = append(letters, word...)
		}
		letters = addShingles(&least, letters)
	}
	s.fill(&least)
	return s
}

// pieces cuts a text, at spaces where there are any.
func pieces(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for len(text) > piece {
			cut := strings.LastIndexAny(text[:piece], " \n") + 1
			if cut < piece/2 {
				for cut = piece; cut > piece-utf8.UTFMax && !utf8.RuneStart(text[cut]); cut-- {
				}
			}
			if !yield(text[:cut]) {
				return
			}
			text = text[cut:]
		}
		yield(text)
	}
}

// addShingles puts the shingles of letters into their slots. It returns the
// letters that the next shingle begins with.
func addShingles(least *[slots]uint64, letters []byte) []byte {
	var starts [8]int // of the last letters, a ring
	n := 0
	for i, b := range letters {
		if b&0xC0 == 0x80 {
			continue // within a letter
		}
		if n >= shingle {
			add(least, letters[starts[(n-shingle)%8]:i])
		}
		starts[n%8] = i
		n++
	}
	if n < shingle {
		return letters
	}
	add(least, letters[starts[(n-shingle)%8]:])
	return append(letters[:0], letters[starts[(n-shingle+1)%8]:]...)
}

func add(least *[slots]uint64, shingle []byte) {
	h := xxh3.Hash(shingle)
	slot := &least[h>>56]
	*slot = min(*slot, h)
}

// fill makes slots of the least hashes. A slot that no shingle fell into takes
// what is in another, which depends on the slot alone, so that it agrees as
// often as any (Shrivastava, "Optimal densification for fast and accurate
// minwise hashing", 2017).
func (s *signature) fill(least *[slots]uint64) {
	filled := 0
	for _, h := range least {
		if h != math.MaxUint64 {
			filled++
		}
	}
	if filled < fewest {
		s.short = true
		return
	}
	for i := range s.slots {
		from := i
		for try := uint64(1); least[from] == math.MaxUint64; try++ {
			from = int(scatter(uint64(i)<<32|try) >> 56)
		}
		s.slots[i] = uint16(least[from])
	}
}

// scatter makes numbers that look like chance (the finaliser of MurmurHash3).
func scatter(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// agree returns how many slots agree.
func (s *signature) agree(other *signature) int {
	n := 0
	for i, v := range s.slots {
		if v == other.slots[i] {
			n++
		}
	}
	return n
}

// compare orders signatures, in no order that means anything.
func (s *signature) compare(other *signature) int {
	return cmp.Or(cmp.Compare(s.text.Hi, other.text.Hi), cmp.Compare(s.text.Lo, other.text.Lo))
}
