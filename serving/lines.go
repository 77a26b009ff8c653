package serving

import "bytes"

// Lines cuts what streams by into lines, however it is cut into pieces, and
// keeps nothing but the line in the making.
type Lines struct {
	part []byte
	long bool // the line in the making is longer than MaxLine, and skipped
}

// MaxLine is the longest line that Lines tells of, in bytes. Longer ones, such
// as those with an image, hold nothing that is looked for.
const MaxLine = 256 << 10

// Add tells each line that ends in piece, without its end. A line is valid
// during the call.
func (l *Lines) Add(piece []byte, each func(line []byte)) {
	for {
		i := bytes.IndexByte(piece, '\n')
		if i < 0 {
			l.keep(piece)
			return
		}
		line := piece[:i]
		if len(l.part) > 0 || l.long {
			l.keep(line)
			line = l.part
		}
		if !l.long && len(line) <= MaxLine {
			each(bytes.TrimSuffix(line, []byte("\r")))
		}
		l.part, l.long = l.part[:0], false
		piece = piece[i+1:]
	}
}

func (l *Lines) keep(piece []byte) {
	if l.long || len(l.part)+len(piece) > MaxLine {
		l.part, l.long = l.part[:0], true
		return
	}
	l.part = append(l.part, piece...)
}

// End tells the line that has no end, if there is one.
func (l *Lines) End(each func(line []byte)) {
	if len(l.part) > 0 {
		each(l.part)
	}
	l.part, l.long = nil, false
}
