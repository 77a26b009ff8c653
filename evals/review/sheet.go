package review

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// columns are the first row of a sheet. The last but one is what reviewers
// fill in.
var columns = []string{"id", "lang", "question", "answer 1", "answer 2", "better (1, 2 or =)", "comment"}

const (
	idColumn     = 0
	betterColumn = 5
)

// Write writes a sheet: XLSX or CSV, as the name of the file ends.
func Write(path string, rows []Row) error {
	var fill func(io.Writer) error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		fill = func(w io.Writer) error { return writeXLSX(w, rows) }
	case ".csv":
		fill = func(w io.Writer) error { return writeCSV(w, rows) }
	default:
		return fault.Invalid.Errorf("a sheet is .xlsx or .csv, not %s", path)
	}
	_, err := wholefile.Write(path, fill)
	return err
}

func cells(r Row) []string {
	return []string{r.ID, string(r.Lang), r.Question, r.First, r.Second, "", ""}
}

// writeCSV begins with a byte order mark, without which Excel takes the text
// for one in its own code page. A cell that a spreadsheet would take for a
// formula gets an apostrophe before it.
func writeCSV(w io.Writer, rows []Row) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, r := range rows {
		line := cells(r)
		for i, c := range line {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				line[i] = "'" + c
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

const sheetName = "review"

func writeXLSX(w io.Writer, rows []Row) error {
	f := excelize.NewFile()
	defer f.Close()
	wrap, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	errs := []error{f.SetSheetName("Sheet1", sheetName), f.SetColWidth(sheetName, "C", "E", 50), f.SetColWidth(sheetName, "F", "G", 20),
		f.SetColStyle(sheetName, "A:G", wrap),
		f.SetPanes(sheetName, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})}
	choice := excelize.NewDataValidation(true)
	choice.SetSqref(fmt.Sprintf("F2:F%d", len(rows)+1))
	errs = append(errs, choice.SetDropList([]string{"1", "2", "="}), f.AddDataValidation(sheetName, choice))
	for i, line := range append([][]string{columns}, lines(rows)...) {
		for j, text := range line {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			errs = append(errs, err, f.SetCellStr(sheetName, cell, text))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return f.Write(w)
}

func lines(rows []Row) [][]string {
	var all [][]string
	for _, r := range rows {
		all = append(all, cells(r))
	}
	return all
}

// A Choice is what a reviewer found better.
type Choice string

// The choices.
const (
	First  Choice = "1"
	Second Choice = "2"
	Tie    Choice = "="
)

// Read reads a sheet that a reviewer has filled in: the choice by the id of
// the row. Rows that were left open are not in it.
func Read(path string) (map[string]Choice, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var table [][]string
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		table, err = readXLSX(data)
	case ".csv":
		table, err = readCSV(data)
	default:
		return nil, fault.Invalid.Errorf("a sheet is .xlsx or .csv, not %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the sheet %s: %w", path, err)
	}
	choices, err := choices(table)
	if err != nil {
		return nil, fmt.Errorf("reading the sheet %s: %w", path, err)
	}
	return choices, nil
}

// maxUnzipped bounds what a workbook may unpack to, in bytes.
const maxUnzipped = 256 << 20

func readXLSX(data []byte) ([][]string, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.GetRows(f.GetSheetName(0))
}

// readCSV reads lines parted by commas, semicolons or tabs, whichever the
// first line has most: spreadsheets write what their country is used to.
func readCSV(data []byte) ([][]string, error) {
	if !utf8.Valid(data) {
		return nil, fault.Invalid.Errorf("it is not UTF-8; save it as \"CSV UTF-8\"")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	head, _, _ := bytes.Cut(data, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(data))
	for _, comma := range ",;\t" {
		if bytes.Count(head, []byte(string(comma))) > bytes.Count(head, []byte(string(in.Comma))) {
			in.Comma = comma
		}
	}
	in.FieldsPerRecord = -1
	return in.ReadAll()
}

func choices(table [][]string) (map[string]Choice, error) {
	if len(table) == 0 || len(table[0]) <= betterColumn || !strings.EqualFold(strings.TrimSpace(table[0][idColumn]), columns[idColumn]) || !strings.HasPrefix(strings.ToLower(table[0][betterColumn]), "better") {
		return nil, fault.Invalid.Errorf("its first row is not that of a sheet: %s", strings.Join(columns, ", "))
	}
	found := map[string]Choice{}
	for i, row := range table[1:] {
		if len(row) <= betterColumn || strings.TrimSpace(row[betterColumn]) == "" {
			continue
		}
		id := strings.TrimPrefix(strings.TrimSpace(row[idColumn]), "'")
		c := Choice(strings.TrimPrefix(strings.TrimSpace(row[betterColumn]), "'"))
		if !slices.Contains([]Choice{First, Second, Tie}, c) {
			return nil, fault.Invalid.Errorf("row %d (%s): %q is not 1, 2 or =", i+2, id, c)
		}
		if _, twice := found[id]; twice {
			return nil, fault.Invalid.Errorf("row %d: the id %s was there before", i+2, id)
		}
		found[id] = c
	}
	return found, nil
}
