package quality

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"math"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
)

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"visible": visible, "level": levelName, "number": number}).Parse(pageHTML))

// firstItems of a list are shown before it is opened.
const firstItems = 5

// A view is what the page shows.
type view struct {
	Report
	Sections []section
}

// HTML writes a page, one file that asks nothing of the network and runs no
// script.
func (r Report) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, view{r, sections(r)}); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Policy is what the browser may load: the page's own style.
func (view) Policy() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// Style is the style sheet, byte by byte as its sum in the policy has it.
func (view) Style() template.CSS { return template.CSS(pageCSS) }

func (v view) Summary() []string { return summary(v.Report) }

func (v view) Took() string { return duration(v.Seconds) }

// IsText reports whether a column holds text.
func (t table) IsText(column int) bool { return column < t.Texts }

// Bar is how long the bar of a row is, of 100.
func (t table) Bar(row int) float64 { return math.Round(1000*t.Shares[row]) / 10 }

// First are the items that a list always shows.
func (l list) First() []item { return l.Items[:min(len(l.Items), firstItems)] }

// Rest are the others.
func (l list) Rest() []item { return l.Items[len(l.First()):] }
