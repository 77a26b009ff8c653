package engine

import (
	"strconv"
	"strings"

	pb "github.com/qdrant/go-client/qdrant"
)

// A path leads into a payload: a.b, a[].b, a[0], "quoted.key".b.
type path struct {
	text  string
	steps []step
}

type stepKind int

const (
	stepKey   stepKind = iota // a field of an object
	stepEach                  // [] every element of an array
	stepIndex                 // [n] one element
)

type step struct {
	kind  stepKind
	key   string
	index int
}

func parsePath(text string) (path, error) {
	p := path{text: text}
	rest := text
	for first := true; first || rest != ""; first = false {
		if !first {
			if rest[0] != '.' {
				return p, badPath(text)
			}
			rest = rest[1:]
		}
		var key string
		var ok bool
		if key, rest, ok = cutKey(rest); !ok {
			return p, badPath(text)
		}
		p.steps = append(p.steps, step{kind: stepKey, key: key})
		for strings.HasPrefix(rest, "[") {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return p, badPath(text)
			}
			s, ok := bracket(rest[1:end])
			if !ok {
				return p, badPath(text)
			}
			p.steps, rest = append(p.steps, s), rest[end+1:]
		}
	}
	return p, nil
}

func badPath(text string) error {
	return wrongInput("Invalid json path: '%s'", text)
}

func cutKey(s string) (key, rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return "", "", false
		}
		return s[1 : 1+end], s[end+2:], true
	}
	end := strings.IndexAny(s, ".[]\"")
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:], end > 0
}

func bracket(s string) (step, bool) {
	if s == "" {
		return step{kind: stepEach}, true
	}
	n, err := strconv.ParseUint(s, 10, 31)
	return step{kind: stepIndex, index: int(n)}, err == nil
}

// eachElement is the path to the elements of the array at p.
func (p path) eachElement() path {
	if n := len(p.steps); n > 0 && p.steps[n-1].kind == stepEach {
		return p
	}
	return path{p.text + "[]", append(p.steps[:len(p.steps):len(p.steps)], step{kind: stepEach})}
}

// values returns what p leads to. An array at the end is one value.
func (p path) values(payload map[string]*pb.Value) []*pb.Value {
	first, ok := payload[p.steps[0].key]
	if !ok {
		return nil
	}
	return follow(nil, first, p.steps[1:])
}

func follow(out []*pb.Value, v *pb.Value, steps []step) []*pb.Value {
	if len(steps) == 0 {
		return append(out, v)
	}
	s := steps[0]
	if s.kind == stepKey {
		if next, ok := v.GetStructValue().GetFields()[s.key]; ok {
			out = follow(out, next, steps[1:])
		}
		return out
	}
	list := v.GetListValue().GetValues()
	if s.kind == stepIndex {
		if s.index < len(list) {
			out = follow(out, list[s.index], steps[1:])
		}
		return out
	}
	for _, e := range list {
		out = follow(out, e, steps[1:])
	}
	return out
}
