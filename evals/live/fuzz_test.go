package live

import (
	"bytes"
	"io"
	"iter"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// all returns what a reader of streams yields, and how it ended.
func all(seq iter.Seq2[[]byte, error]) (list []string, failed bool) {
	for data, err := range seq {
		if err != nil {
			return list, true
		}
		list = append(list, string(data))
	}
	return list, false
}

// readers checks what holds for both readers: how the stream is cut into
// pieces changes nothing, what they yield is UTF-8 and not longer than what
// they read.
func readers(t *testing.T, data []byte, read func(*reply) iter.Seq2[[]byte, error]) {
	whole, failed := all(read(newReply(bytes.NewReader(data))))
	bytewise, failedToo := all(read(newReply(iotest.OneByteReader(bytes.NewReader(data)))))
	if failed != failedToo || len(whole) != len(bytewise) {
		t.Fatalf("%q, %v; byte by byte %q, %v", whole, failed, bytewise, failedToo)
	}
	n := 0
	for i := range whole {
		if n += len(whole[i]); whole[i] != bytewise[i] || !utf8.ValidString(whole[i]) {
			t.Fatalf("%q; byte by byte %q", whole[i], bytewise[i])
		}
	}
	if n > len(data) {
		t.Fatalf("%d bytes out of %d", n, len(data))
	}
}

func FuzzEvents(f *testing.F) {
	for _, seed := range []string{piece("a") + stop + used + doneData, ": ping\n\ndata:a\r\ndata: b\r\n\r\ndata", "data: \xff\n\n", "\uFEFFdata: a\n\n", "<html>", "{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readers(t, data, (*reply).events)
		k := &talk{writer: newWriter()}
		if k.read(newReply(bytes.NewReader(data))) == nil && k.close() == nil && !utf8.ValidString(k.answer.Text) {
			t.Fatalf("%q", k.answer.Text)
		}
	})
}

func FuzzLines(f *testing.F) {
	for _, seed := range []string{ollamaPiece + ollamaLast, ollamaPiece, `{"error":"x"}`, "\n\r\n{}\xff", `{"done":true}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readers(t, data, (*reply).lines)
		w := newWriter()
		if last, err := newReply(io.LimitReader(bytes.NewReader(data), 1<<20)).chatOllama(w); err == nil && !last.Done {
			t.Fatal("an answer without an end")
		}
	})
}
