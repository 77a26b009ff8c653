package web

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"tilgate/internal/lang"
	"tilgate/internal/locale"
)

// A View is what the page shows.
type View struct {
	*Site
	Words       *Words
	NeedsKey    bool
	CanForget   bool // the key
	Again       bool // load the page once more, from itself
	Feedback    bool // offer to say what was wrong with an answer
	People      bool // offer to ask a person
	Share       bool // offer a link to a question
	Question    string
	MaxQuestion int
	Error       string // what went wrong, in the reader's language
	Detail      string // what the service says about it, in English
	Answer      *Answer
	Languages   []Language // that questions are answered in
	Frame       *Frame     // nil unless the page stands in a frame on somebody else's
}

// A Frame is what the page has more in a frame: a script and a style, and an
// address of its own, which its forms and links lead to.
type Frame struct {
	Address       string // with a query, without the language
	Script, Style string // paths
	Origins       string // of the pages around it, between spaces
	Session       string // of the visit
}

// In returns the address of the page in a language.
func (v View) In(tag lang.Tag) string {
	if v.Frame != nil {
		return v.Frame.Address + "&lang=" + url.QueryEscape(string(tag))
	}
	return "/?lang=" + url.QueryEscape(string(tag))
}

// Home returns the address of the page.
func (v View) Home() string {
	if v.Frame != nil {
		return v.In(v.Words.Tag)
	}
	return "/"
}

// Action returns where questions go.
func (v View) Action() string {
	if v.Frame != nil {
		return v.Home()
	}
	return "/ask"
}

// Say says something in the language of the page.
func (v View) Say(key string, values ...string) string { return v.Words.Say(key, values...) }

// Said is what the script says by itself, as JSON.
func (v View) Said() string { return v.scriptWords(v.Words) }

// Consent names the text that a reader agrees to.
func (v View) Consent() string {
	sum := sha256.Sum256([]byte(v.Say("consent") + v.Say("sent_with")))
	return string(v.Words.Tag) + "-" + hex.EncodeToString(sum[:4])
}

// Direction is that of the question.
func (v View) Direction() string {
	if d := lang.Direction(v.Question); d != "" {
		return d
	}
	return "auto"
}

// A Language is one that can be asked for.
type Language struct {
	Tag  lang.Tag `json:"tag"`
	Name string   `json:"name"`
}

// An Answer is an answer as the page shows it, and as its script is told.
type Answer struct {
	ID      string   `json:"id,omitempty"`
	Taken   lang.Tag `json:"taken"` // the language that the question was taken for
	Lang    lang.Tag `json:"lang"`
	Dir     string   `json:"dir"`
	Notice  string   `json:"notice,omitempty"` // why it is less than it could be: the key of a sentence, unless the answer says so itself
	Cut     bool     `json:"cut,omitempty"`    // at the most that an answer may have
	Text    string   `json:"-"`
	Sources []Source `json:"sources,omitempty"`
	// Quotes says where the sources say it.
	Quotes map[int][]Quote `json:"quotes,omitempty"`
	// Handover says whether people can be asked; nil if they cannot.
	Handover *Offer `json:"handover,omitempty"`
}

// A Source is a passage that an answer rests on.
type Source struct {
	N     int      `json:"n"`
	Title string   `json:"title"`
	Head  string   `json:"head,omitempty"`
	Text  string   `json:"text"`
	Lang  lang.Tag `json:"lang"`
	Dir   string   `json:"dir"`
	Where string   `json:"where,omitempty"` // it was read: an address, or a file
	Date  string   `json:"date,omitempty"`  // RFC 3339
	Day   string   `json:"day,omitempty"`   // the date as the reader writes it

	Edition    string     `json:"edition,omitempty"` // of the document, as that says
	Superseded bool       `json:"superseded,omitempty"`
	By         *Successor `json:"by,omitempty"` // nil if nothing is known to have taken its place
}

// A Successor is a document that took another's place.
type Successor struct {
	Title string `json:"title"`
	Where string `json:"where,omitempty"`
}

// Link is a Source's.
func (s Successor) Link() string { return Source{Where: s.Where}.Link() }

// Link returns where the source can be read, if a browser can go there.
func (s Source) Link() string {
	if WebAddress(s.Where) {
		return s.Where
	}
	return ""
}

// Day writes a date as the readers of the page do.
func (w *Words) Day(date string) string {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	if text := locale.Date(w.Tag, day, locale.Long); text != "" {
		return text
	}
	return date
}

// Body returns the answer, with its marks leading to the sources.
func (a *Answer) Body(w *Words) template.HTML {
	var b strings.Builder
	seen := map[int]bool{}
	writeHTML(&b, Markdown(a.Text, len(a.Sources)), func(n Node) string {
		number, id := strconv.Itoa(n.N), ""
		if !seen[n.N] {
			seen[n.N], id = true, ` id="c`+number+`"`
		}
		return `<a class="mark"` + id + ` href="#p` + number + `" aria-label="` + html.EscapeString(w.Say("source", "n", number)) + `">` +
			html.EscapeString(n.Kids[0].Text) + `</a>`
	})
	return template.HTML(b.String())
}

// Cites reports whether the answer has a mark of a source.
func (a *Answer) Cites(n int) bool {
	return cites(Markdown(a.Text, len(a.Sources)), n)
}

func cites(nodes []Node, n int) bool {
	for _, node := range nodes {
		if node.Tag == "cite" && node.N == n || cites(node.Kids, n) {
			return true
		}
	}
	return false
}

// A Part of a passage is what an answer quotes of it, or what stands between.
type Part struct {
	Text   string
	Quoted bool
}

// Parts cuts the text of a source at what is quoted of it.
func (a *Answer) Parts(s Source) []Part {
	units := utf16.Encode([]rune(s.Text))
	text := func(from, to int) string { return string(utf16.Decode(units[from:to])) }
	var parts []Part
	at := 0
	for _, q := range a.Quotes[s.N] {
		if q[0] < at || q[1] <= q[0] || q[1] > len(units) {
			continue
		}
		if q[0] > at {
			parts = append(parts, Part{text(at, q[0]), false})
		}
		parts = append(parts, Part{text(q[0], q[1]), true})
		at = q[1]
	}
	if at < len(units) {
		parts = append(parts, Part{text(at, len(units)), false})
	}
	return parts
}
