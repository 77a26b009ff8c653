package epub

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"tilgate/internal/charset"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag/read"
	"tilgate/rag/read/html"
)

// maxXML is how long the files may be that say what is in a book.
const maxXML = 8 << 20

const (
	containerFile  = "META-INF/container.xml"
	encryptionFile = "META-INF/encryption.xml"
)

// fonts are the encryptions that only make it harder to take a font out of a
// book. Its text is open to all.
var fonts = []string{"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}

// packageFile returns the name of the file that lists the parts of the book.
func (b *book) packageFile() (string, error) {
	var container struct {
		Files []struct {
			Path string `xml:"full-path,attr"`
			Type string `xml:"media-type,attr"`
		} `xml:"rootfiles>rootfile"`
	}
	if b.archive.Has(containerFile) {
		if err := b.unmarshal(containerFile, &container); err != nil {
			return "", err
		}
	}
	for _, f := range container.Files {
		if name := inside("", f.Path); name != "" && (f.Type == "" || f.Type == "application/oebps-package+xml") {
			return name, nil
		}
	}
	for _, name := range b.archive.Names() { // the container is missing or broken
		if strings.HasSuffix(name, ".opf") {
			return name, nil
		}
	}
	return "", fault.Invalid.Errorf("the zip file is no EPUB: it has no %s that names a package file", containerFile)
}

// locked returns the files that are encrypted, fonts aside.
func (b *book) locked() (map[string]bool, error) {
	var encryption struct {
		Data []struct {
			Method struct {
				Algorithm string `xml:"Algorithm,attr"`
			} `xml:"EncryptionMethod"`
			URIs []struct {
				URI string `xml:"URI,attr"`
			} `xml:"CipherData>CipherReference"`
		} `xml:"EncryptedData"`
	}
	if !b.archive.Has(encryptionFile) {
		return nil, nil
	}
	if err := b.unmarshal(encryptionFile, &encryption); err != nil {
		return nil, err
	}
	locked := map[string]bool{}
	for _, d := range encryption.Data {
		if slices.Contains(fonts, d.Method.Algorithm) {
			continue
		}
		for _, u := range d.URIs {
			locked[inside("", u.URI)] = true
		}
	}
	return locked, nil
}

// A packageDoc is what is needed of a package file.
type packageDoc struct {
	Metadata struct {
		Titles []string `xml:"title"`
		Langs  []string `xml:"language"`
		Dates  []struct {
			Event string `xml:"event,attr"`
			Text  string `xml:",chardata"`
		} `xml:"date"`
		Metas []struct {
			Property string `xml:"property,attr"`
			Name     string `xml:"name,attr"`
			Content  string `xml:"content,attr"`
			Text     string `xml:",chardata"`
		} `xml:"meta"`
	} `xml:"metadata"`
	Manifest []struct {
		ID         string `xml:"id,attr"`
		Href       string `xml:"href,attr"`
		Type       string `xml:"media-type,attr"`
		Properties string `xml:"properties,attr"`
	} `xml:"manifest>item"`
	Spine []struct {
		ID string `xml:"idref,attr"`
	} `xml:"spine>itemref"`
	Guide []struct {
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	} `xml:"guide>reference"`
}

func (b *book) readPackage(name string) error {
	var doc packageDoc
	if err := b.unmarshal(name, &doc); err != nil {
		return err
	}
	for _, t := range doc.Metadata.Titles {
		if b.title = strings.Join(strings.Fields(t), " "); b.title != "" {
			break
		}
	}
	for _, l := range doc.Metadata.Langs {
		if tag, err := lang.ParseTag(l); err == nil && tag != lang.Und && !slices.Contains(b.langs, tag) {
			b.langs = append(b.langs, tag)
		}
	}
	for _, d := range doc.Metadata.Dates {
		if day := html.Day(strings.TrimSpace(d.Text)); day != "" && (b.date == "" || d.Event == "publication") {
			b.date = day
		}
	}
	for _, m := range doc.Metadata.Metas {
		b.tell(m.Property+m.Name, strings.TrimSpace(m.Text+m.Content))
	}
	b.parts = doc.parts(path.Dir(name))
	if len(b.parts) == 0 {
		return fault.Invalid.Errorf("the spine of %s lists no file of text", name)
	}
	return nil
}

// tell takes what the package says of the edition that the book is.
func (b *book) tell(name, text string) {
	switch strings.ToLower(name) {
	case "dcterms:hasversion", "schema:bookedition":
		b.edition.SetEdition(text)
	case "dcterms:replaces":
		b.edition.AddReplaced(text)
	case "dcterms:isreplacedby":
		b.edition.SetReplacedBy(text)
	}
}

// parts returns the files that are read in turn, each once.
func (doc *packageDoc) parts(folder string) []part {
	skip := map[string]bool{"": true} // what is outside of the archive
	for _, g := range doc.Guide {
		if g.Type == "toc" {
			skip[inside(folder, g.Href)] = true
		}
	}
	files := map[string]part{}
	for _, m := range doc.Manifest {
		p := part{path: inside(folder, m.Href), kind: m.Type}
		if slices.Contains(strings.Fields(m.Properties), "nav") {
			skip[p.path] = true
		}
		if _, twice := files[m.ID]; !twice && isText(m.Type) {
			files[m.ID] = p
		}
	}
	var parts []part
	for i, s := range doc.Spine {
		p := files[s.ID]
		if skip[p.path] {
			continue
		}
		skip[p.path] = true
		// The spine is the third element of a package, and elements are
		// counted in twos; the body is the second of a chapter.
		p.place = fmt.Sprintf("epubcfi(/6/%d!/4)", 2*(i+1))
		parts = append(parts, p)
	}
	return parts
}

func isText(kind string) bool {
	return kind == "application/xhtml+xml" || kind == "text/html" || kind == "text/x-oeb1-document"
}

// inside returns the name in the archive that an address in one of its folders
// means, or nothing if that is elsewhere.
func inside(folder, href string) string {
	href, _, _ = strings.Cut(strings.TrimSpace(href), "#")
	name, err := url.PathUnescape(href)
	if err != nil || name == "" || path.IsAbs(name) || strings.Contains(name, "://") {
		return ""
	}
	name = path.Join(folder, name)
	if name == "." || name == ".." || strings.HasPrefix(name, "../") {
		return ""
	}
	return name
}

// unmarshal reads a file of the archive as XML.
func (b *book) unmarshal(name string, to any) error {
	r, err := b.archive.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxXML+1))
	if err != nil {
		return err
	}
	if len(data) > maxXML {
		return fmt.Errorf("%s: %w", name, read.TooLarge(int64(len(data)), maxXML))
	}
	text, _, _, err := charset.Decode(data, "")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	if err := d.Decode(to); err != nil && !errors.Is(err, io.EOF) {
		return fault.Invalid.Wrap(err, name+" is not XML")
	}
	return nil
}
