// Package sheet reads tables: workbooks of Excel and CSV.
//
// A table with a column of questions and one of answers is a document for each
// row. Any other is one document for each sheet, whose rows stand under the
// rows that head it; a long one is cut into several, so that memory is bounded
// by the longest part and not by the sheet.
//
// A table does not know where its rows come from: workbook.go and csv.go hand
// them to it one by one. Excelize, which reads workbooks, trusts what it is
// given. Before it sees a file, parts.go has looked at every part.
package sheet

import (
	"cmp"

	"tilgate/rag/read"
)

// Options say which columns have what. A column is named by its header, in any
// case, or by its letter. An empty name is found by what such columns are
// called in many languages; the zero Options find all that way.
type Options struct {
	Question, Answer string
	Title            string // of the document, where that is not the question
	Lang, ID         string
	Date, Sector     string

	Edition, Replaces, ReplacedBy string // of rag.Document; several that are replaced stand on lines of their own

	// Rows are how many rows a document has at most; 0 means 2000.
	Rows int
}

const (
	defaultRows = 2000
	maxPart     = 1 << 20 // bytes of text of one document, or little more
	maxColumns  = 256
	lookahead   = 20 // rows in which the header is searched
)

func (o Options) rows() int { return cmp.Or(max(o.Rows, 0), defaultRows) }

// XLSX returns a reader of Excel workbooks (.xlsx, .xlsm). Cells read as they
// are displayed, formulas as they were last computed. What is hidden is left
// out, with a note.
func XLSX(o Options) read.Reader { return workbook{o} }

// CSV returns a reader of values that are separated by commas, semicolons,
// tabs or bars, in any encoding.
func CSV(o Options) read.Reader { return separated{o} }
