package crawl

import (
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"tilgate/internal/fault"
)

// media are the types that documents have, and the endings of their files.
var media = []struct{ ending, name string }{
	{".html", "text/html"},
	{".xhtml", "application/xhtml+xml"},
	{".pdf", "application/pdf"},
	{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{".odt", "application/vnd.oasis.opendocument.text"},
	{".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{".csv", "text/csv"},
	{".txt", "text/plain"},
	{".epub", "application/epub+zip"},
}

// vague are types that servers give to files that they know nothing about, or
// too little: then the name of the file says more.
var vague = []string{"", "application/octet-stream", "binary/octet-stream", "application/download", "application/x-download",
	"application/force-download", "application/zip", "application/x-zip-compressed", "application/msword", "application/vnd.ms-excel", "text/plain"}

// Types are the media types that are read where Options says nothing: pages,
// and documents that people read.
func Types() []string {
	var names []string
	for _, m := range media {
		names = append(names, m.name)
	}
	return names
}

// Ending returns the ending that a file with the page would have: ".pdf".
func (p Page) Ending() string {
	name := mediaType(p.ContentType)
	for _, m := range media {
		if m.name == name {
			return m.ending
		}
	}
	return strings.ToLower(path.Ext(p.URL))
}

func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// contentType returns the type of an answer, from what the server says and,
// where that is vague, the name of the file.
func contentType(h http.Header, urlPath string) string {
	said := h.Get("Content-Type")
	if !slices.Contains(vague, mediaType(said)) {
		return said
	}
	name := urlPath
	if _, params, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		name = params["filename"]
	}
	ending := strings.ToLower(path.Ext(name))
	for _, m := range media {
		if m.ending == ending && m.name != mediaType(said) {
			return m.name
		}
	}
	return said
}

// wanted returns why a page of a type is not read.
func (o Options) wanted(contentType string) error {
	name := mediaType(contentType)
	switch {
	case slices.Contains(o.Types, name):
		return nil
	case name == "":
		return fault.Unsupported.Errorf("the server does not say of what type it is")
	}
	return fault.Unsupported.Errorf("pages of type %.100s are not read", name)
}
