package office

import (
	"strings"
	"testing"

	"tilgate/rag/read"
)

// TestEdition: what the properties of a document say of its edition.
func TestEdition(t *testing.T) {
	files := word(p("", r("", "Жер ээси салык төлөйт.")), map[string]string{"core": `<c:version>2024-жылдын редакциясы</c:version><c:revision>17</c:revision>`})
	files["_rels/.rels"] = strings.Replace(files["_rels/.rels"], "</Relationships>", `<Relationship Type="`+officeRel+`custom-properties" Target="docProps/custom.xml"/></Relationships>`, 1)
	files["docProps/custom.xml"] = `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">` +
		`<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="Replaces"><vt:lpwstr>zher-2019; zher-2012</vt:lpwstr></property>` +
		`<property pid="3" name="Replaced by"><vt:lpwstr>zher-2026</vt:lpwstr></property><property pid="4" name="Client"><vt:lpwstr>x</vt:lpwstr></property></Properties>`
	odt := `<meta:user-defined meta:name="Edition">2024-жылдын редакциясы</meta:user-defined><meta:user-defined meta:name="replaces">zher-2019;zher-2012</meta:user-defined>` +
		`<meta:user-defined meta:name="Superseded-By">zher-2026</meta:user-defined><meta:user-defined meta:name="Info 1"/>`
	for what, item := range map[string]read.Item{
		"DOCX": mustRead(t, DOCX(), pack(t, files)),
		"ODT":  mustRead(t, ODT(), pack(t, open(tp("Жер ээси салык төлөйт."), "", odt))),
		"FODT": mustRead(t, ODT(), flat(tp("Жер ээси салык төлөйт."), "", odt)),
	} {
		if got := strings.Join(item.Replaces, "|"); item.Edition != "2024-жылдын редакциясы" || got != "zher-2019|zher-2012" || item.ReplacedBy != "zher-2026" || item.Text != "Жер ээси салык төлөйт." {
			t.Errorf("%s: edition %q, replaces %q, replaced by %q, text %q", what, item.Edition, got, item.ReplacedBy, item.Text)
		}
	}
}
