package review

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// answered makes a run of two models over items in two languages. The system
// writes what begins with "=", which spreadsheets take for formulas.
func answered(n int) []evals.Sample {
	var samples []evals.Sample
	for _, tag := range []lang.Tag{"ky", "ar"} {
		task := &evals.Task{Suite: "s", Name: "open", Lang: tag}
		for i := range n {
			c := evals.Case{Task: task, Prompt: "p", Item: &evals.Item{ID: fmt.Sprint(tag, i), Text: "Пенсия канча жаштан берилет?"}}
			for _, m := range []string{"base", "system"} {
				text := "Билбейм " + fmt.Sprint(i)
				if m == "system" {
					text = "=58 жаштан, \"толук\"\nмаалымат " + fmt.Sprint(i)
				}
				samples = append(samples, evals.Sample{Case: c, Result: evals.Result{Model: m, Key: c.Key(), Answer: evals.Answer{Text: text}}})
			}
		}
	}
	return samples
}

// fill plays a reviewer who looks for the better text, writes it into the
// sheet and saves it.
func fill(t *testing.T, path string, better func(first, second string) Choice) {
	t.Helper()
	switch filepath.Ext(path) {
	case ".xlsx":
		f, err := excelize.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := f.GetRows(sheetName)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows[1:] {
			if err := f.SetCellStr(sheetName, fmt.Sprint("F", i+2), string(better(row[3], row[4]))); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Save(); err != nil {
			t.Fatal(err)
		}
	case ".csv":
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		table, err := readCSV(data)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, row := range table {
			if i > 0 {
				row[5] = string(better(row[3], row[4]))
			}
			for j := range row {
				row[j] = `"` + strings.ReplaceAll(row[j], `"`, `""`) + `"`
			}
			b.WriteString(strings.Join(row, ";") + "\r\n") // as a spreadsheet in Kazakhstan saves it
		}
		if err := os.WriteFile(path, []byte("\ufeff"+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func longer(first, second string) Choice {
	if len(first) > len(second) {
		return First
	}
	return Second
}

func TestReview(t *testing.T) {
	samples := answered(30)
	rows, key, err := Pairs(samples, "base", "system", 40, 7)
	if err != nil {
		t.Fatal(err)
	}
	perLang, first := map[lang.Tag]int{}, 0
	for _, r := range rows {
		perLang[r.Lang]++
		if key.Rows[r.ID].SystemFirst {
			first++
		}
		if strings.Contains(r.ID+r.Question, "system") {
			t.Errorf("the row tells whose answer it is: %+v", r)
		}
	}
	if len(rows) != 40 || perLang["ky"] != 20 || perLang["ar"] != 20 || first < 10 || first > 30 {
		t.Errorf("%d rows, %v, %d with the system first", len(rows), perLang, first)
	}
	again, _, _ := Pairs(samples, "base", "system", 40, 7)
	if !slices.Equal(rows, again) {
		t.Error("the same seed makes another sheet")
	}
	dir := t.TempDir()
	keyPath := filepath.Join(dir, "key.json")
	if err := WriteKey(keyPath, key); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(keyPath); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
	if key, err = ReadKey(keyPath); err != nil {
		t.Fatal(err)
	}
	var sheets []map[string]Choice
	n := 0
	for name, better := range map[string]func(string, string) Choice{
		"a.xlsx": longer,
		"b.csv":  longer,
		"c.csv": func(a, b string) Choice { // undecided about every fourth
			if n++; n%4 == 0 {
				return Tie
			}
			return longer(a, b)
		},
	} {
		path := filepath.Join(dir, name)
		if err := Write(path, rows); err != nil {
			t.Fatal(err)
		}
		fill(t, path, better)
		sheet, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, sheet)
	}
	outcomes, err := Count(key, sheets)
	if err != nil || len(outcomes) != 3 {
		t.Fatalf("%v, %v", outcomes, err)
	}
	all := outcomes[2]
	if all.Lang != lang.Und || all.Items != 40 || all.Ratings != 120 || all.System != 110 || all.Base != 0 || all.Ties != 10 || all.P > 1e-9 {
		t.Errorf("%+v", all)
	}
	// Two always agree on the one thing they ever say, of which chance makes no
	// less; the alpha of three is below 1.
	if all.Alpha == nil || *all.Alpha >= .5 {
		t.Errorf("alpha %v", all.Alpha)
	}
	if _, err := Count(key, []map[string]Choice{{"r9999": First}}); err == nil {
		t.Error("a sheet of another key was counted")
	}
}

func TestSheetFaults(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	for name, tt := range map[string]struct{ text, says string }{
		"no sheet":   {"a,b\n1,2\n", "first row"},
		"empty":      {"", "first row"},
		"a word":     {head + "r1,ky,q,a,b,left,\n", `row 2 (r1): "left" is not 1, 2 or =`},
		"twice":      {head + "r1,ky,q,a,b,1,\nr1,ky,q,a,b,2,\n", "row 3: the id r1 was there before"},
		"Latin-1":    {head + "r1,ky,q,\xe4,b,1,\n", "not UTF-8"},
		"open quote": {head + "r1,ky,\"q,a,b,1,\n", "sheet"},
	} {
		path := filepath.Join(t.TempDir(), "s.csv")
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
	if _, _, err := Pairs(answered(1), "base", "other", 10, 1); err == nil {
		t.Error("a model that answered nothing makes a sheet")
	}
	if Write("sheet.ods", nil) == nil {
		t.Error("a sheet in a format that there is not was written")
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("\ufeff" + strings.Join(columns, ";") + "\nr1;ky;q;a;b;=;\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := readCSV(data)
		if err != nil {
			return
		}
		_, _ = choices(table)
	})
}
