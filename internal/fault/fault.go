// Package fault says what kind of thing went wrong, and which sentence about
// it may leave the building.
//
// A kind is given once, where it first becomes clear what the caller could do
// about the error; everywhere else errors are wrapped with fmt.Errorf and %w.
// Only the public sentence is shown to callers; Error() is for the log.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Kind is what the caller can do about an error. The zero value is Internal.
type Kind int

// The kinds, in the order of the table in serving/gateway that gives each its
// HTTP status.
const (
	Internal     Kind = iota // our mistake
	Invalid                  // the request is malformed; change it
	Unauthorized             // no valid key
	Forbidden                // a valid key that may not do this
	NotFound                 // no such model, knowledge base, document
	TooLarge                 // over a size limit
	Unsupported              // a language that nobody here serves
	Blocked                  // stopped by a content rule
	Limited                  // over a quota; try later
	Unavailable              // a part we need is down; try later
	Timeout                  // a part we need was too slow; try later
	Canceled                 // the caller left
)

var kindNames = [...]string{"internal", "invalid", "unauthorized", "forbidden", "not_found", "too_large",
	"unsupported", "blocked", "limited", "unavailable", "timeout", "canceled"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

type fault struct {
	kind   Kind
	public string
	param  string // the request field at fault, if one is
	cause  error  // may be nil
	after  time.Duration
}

func (f *fault) Error() string {
	if f.cause == nil {
		return f.public
	}
	return f.public + ": " + f.cause.Error()
}

func (f *fault) Unwrap() error { return f.cause }

// Errorf returns an error of kind k whose whole text callers may read.
func (k Kind) Errorf(format string, args ...any) error {
	return &fault{kind: k, public: fmt.Sprintf(format, args...)}
}

// Field is Errorf for an error in one field of the request, such as
// "messages[2].content".
func (k Kind) Field(param, format string, args ...any) error {
	return &fault{kind: k, param: param, public: fmt.Sprintf(format, args...)}
}

// After is Errorf for an error that is over after a while, such as a queue that
// is full: then it is worth asking again.
func (k Kind) After(d time.Duration, format string, args ...any) error {
	return &fault{kind: k, public: fmt.Sprintf(format, args...), after: d}
}

// Again returns after how long the request is worth asking again; 0 if nobody
// knows.
func Again(err error) time.Duration {
	var f *fault
	if errors.As(err, &f) {
		return f.after
	}
	return 0
}

// Wrap returns an error of kind k with cause err, of which callers read only
// the sentence public. A nil err gives nil.
func (k Kind) Wrap(err error, public string) error {
	if err == nil {
		return nil
	}
	return &fault{kind: k, public: public, cause: err}
}

// Of returns the kind of err: the outermost one given, else what the context
// package's errors stand for, else Internal.
func Of(err error) Kind {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f.kind
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Internal
}

// Public returns the sentence about err that may leave the building, and the
// request field it is about, if any.
func Public(err error) (sentence, param string) {
	var f *fault
	if errors.As(err, &f) {
		return f.public, f.param
	}
	switch Of(err) {
	case Canceled:
		return "the request was canceled", ""
	case Timeout:
		return "the request took too long", ""
	}
	return "internal error", ""
}

// Is reports whether err is of kind k. An err of nil is of no kind.
func (k Kind) Is(err error) bool { return err != nil && Of(err) == k }
