package serving

// Many people can share a key: the visitors of a web page, or the users of a
// program that asks for them. Each of them has a share of it.

// From says which of those who share a key asks. What is not known is zero.
type From struct {
	Client  Whom // by the address of the network
	Session Whom // by the visit to a page
	User    Whom // by the name that the program gives to its user
}

// A Whom stands for one of many: a hash, which tells nothing about who it is.
type Whom [16]byte

// Each is what each of those who share a key may use.
type Each struct {
	Client  Share `toml:"client,omitempty"`
	Session Share `toml:"session,omitempty"`
	User    Share `toml:"user,omitempty"`
}

// A Share is what one of those who share a key may use. 0 sets no limit.
type Share struct {
	Requests int64 `toml:"requests,omitempty"` // a minute
	Chars    int64 `toml:"chars,omitempty"`    // a minute
	Day      Quota `toml:"day,omitempty"`
}

// Limits returns the share as the limits of a caller.
func (s Share) Limits() Limits { return Limits{Requests: s.Requests, Chars: s.Chars, Day: s.Day} }

// IsPage reports whether the caller's key stands in web pages, for all to read.
func (c Caller) IsPage() bool { return c.Scope != nil && c.Scope.Page }
