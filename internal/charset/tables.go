package charset

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// Encodings that golang.org/x/text does not know: what the bytes from 0x80 on
// stand for, and exceptions below. � is a byte without a meaning.
var (
	kz1048 = newTable("ЂЃ‚ѓ„…†‡€‰Љ‹ЊҚҺЏђ‘’“”•–—�™љ›њқһџ"+
		"\u00a0ҰұӘ¤Ө¦§Ё©Ғ«¬\u00ad®Ү°±Ііөµ¶·ё№ғ»әҢңү"+
		"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя", nil)
	pt154 = newTable("ҖҒӮғ„…ҶҮҲүҠӢҢҚҺҸҗ‘’“”•–—ҳҷҡӣңқһҹ"+
		"\u00a0ЎўЈӨҘҰ§Ё©Ә«¬ӯ®Ҝ°ұІіҙө¶·ё№ә»јҪҫҝ"+
		"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя", nil)
	viscii = newTable("ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"+
		"Õắằặấầẩậẽẹếềểễệốồổỗ\u1ee0ƠộờởịỰ\u1ee8\u1eea\u1eecơớƯ"+
		"ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
		map[byte]rune{0x02: 'Ẳ', 0x05: 'Ẵ', 0x06: 'Ẫ', 0x14: 'Ỷ', 0x19: 'Ỹ', 0x1e: 'Ỵ'})
	// tcvn3 is the one of the ABC fonts, whose capitals with accents are small
	// letters in another font.
	tcvn3 = newTable("��������������������������������"+
		"\u00a0ĂÂÊÔƠƯĐăâêôơưđ������àảãáạ�ằẳẵắ�������ặầẩẫấậè�ẻẽéẹềểễếệìỉ"+
		"���ĩíịò�ỏõóọồổỗốộờởỡớợù�ủũúụừửữứựỳỷỹýỵ�", nil)
)

// A table is an encoding with one byte for each character.
type table struct {
	decode [256]rune
	encode map[rune]byte
}

// newTable makes a table of what stands from 0x80 on, in ASCII's company but
// for the exceptions.
func newTable(high string, exceptions map[byte]rune) *table {
	t := &table{encode: map[rune]byte{}}
	for b := range 0x80 {
		t.decode[b] = rune(b)
	}
	at := 0x80
	for _, r := range high {
		t.decode[at] = r
		at++
	}
	for b, r := range exceptions {
		t.decode[b] = r
	}
	for b, r := range t.decode {
		if r != utf8.RuneError {
			t.encode[r] = byte(b)
		}
	}
	return t
}

func (t *table) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: tableDecoder{t: t}}
}

func (t *table) NewEncoder() *encoding.Encoder {
	return &encoding.Encoder{Transformer: tableEncoder{t: t}}
}

type tableDecoder struct {
	transform.NopResetter
	t *table
}

func (d tableDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r := d.t.decode[src[nSrc]]
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc++
	}
	return nDst, nSrc, nil
}

type tableEncoder struct {
	transform.NopResetter
	t *table
}

func (e tableEncoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r, size := utf8.DecodeRune(src[nSrc:])
		if r == utf8.RuneError && size == 1 && !atEOF && !utf8.FullRune(src[nSrc:]) {
			return nDst, nSrc, transform.ErrShortSrc
		}
		b, ok := e.t.encode[r]
		if !ok {
			return nDst, nSrc, encoding.ErrInvalidUTF8
		}
		if nDst == len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		dst[nDst] = b
		nDst++
		nSrc += size
	}
	return nDst, nSrc, nil
}
