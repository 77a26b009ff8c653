package pdf

import (
	"strings"
	"time"
	"unicode"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// maxMeta is how many bytes of UTF-16 a title may have.
const maxMeta = 4 << 10

// describe puts what a document says of itself into an item.
func (g *guest) describe(doc uint64, item *read.Item) {
	info := func(key string) string {
		return g.text(maxMeta, func(at, size uint64) int {
			return g.int("FPDF_GetMetaText", doc, g.name(key), at, size)
		})
	}
	item.Title = usableTitle(info("Title"))
	for _, key := range []string{"ModDate", "CreationDate"} {
		if item.Date == "" {
			item.Date = day(info(key))
		}
	}
	item.SetEdition(info("Edition"))
	item.AddReplaced(strings.Split(info("Replaces"), ";")...)
	item.SetReplacedBy(info("ReplacedBy"))
	item.Hint, _ = lang.ParseTag(g.text(maxMeta, func(at, size uint64) int {
		return g.int("FPDFCatalog_GetLanguage", doc, at, size)
	}))
}

// usableTitle returns a title, or nothing for what programs put in its place.
func usableTitle(title string) string {
	title = strings.Join(strings.Fields(title), " ")
	for _, program := range []string{"Microsoft Word - ", "Microsoft PowerPoint - ", "Microsoft Excel - "} {
		title = strings.TrimPrefix(title, program)
	}
	if judge("", title) == cyrillic {
		title = fromLatin1(title)
	}
	lower := strings.ToLower(title)
	letters := 0
	for _, r := range title {
		if unicode.IsLetter(r) {
			letters++
		}
		if strange(r) {
			return ""
		}
	}
	for _, ending := range []string{".doc", ".docx", ".odt", ".rtf", ".pdf", ".xls", ".xlsx", ".ppt", ".pptx", ".indd", ".qxd", ".cdr",
		".pmd", ".p65", ".tif", ".jpg", ".txt", ".htm", ".html"} {
		if strings.HasSuffix(lower, ending) {
			return ""
		}
	}
	for _, beginning := range []string{"untitled", "document", "doc", "title", "powerpoint presentation", "powerpoint-präsentation",
		"presentation", "slide", "scan", "print", "about:", "http:", "https:", "file:", "c:\\", "без имени", "безымянный", "документ", "презентация"} {
		rest, ok := strings.CutPrefix(lower, beginning)
		if ok && (strings.ContainsAny(beginning, ":") || strings.Trim(rest, " 0123456789-_.()") == "") {
			return ""
		}
	}
	if letters < 3 {
		return ""
	}
	return title
}

// day returns the day of a date such as D:20240131120000+06'00'.
func day(date string) string {
	date = strings.TrimPrefix(date, "D:")
	if len(date) < 8 {
		return ""
	}
	t, err := time.Parse("20060102", date[:8])
	if err != nil || t.Year() < 1985 || t.Year() > 2100 {
		return ""
	}
	return t.Format(time.DateOnly)
}
