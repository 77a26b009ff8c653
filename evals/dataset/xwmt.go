package dataset

import (
	"io/fs"
	"path"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// xwmtItems reads a translation of X-WMT, such as en-ky/en-ky.ky; its source,
// en-ky.en, lies beside it.
func xwmtItems(r *reader, name string) ([]placed, error) {
	stem := strings.TrimSuffix(name, path.Ext(name))
	from, _, ok := strings.Cut(path.Base(stem), "-")
	if !ok {
		return nil, fault.Invalid.Errorf("%s: the name of the file is not a direction, as that of en-ky.ky is", name)
	}
	return r.pairs(stem+"."+from, name)
}

// xwmtTasks makes a task of each direction from English and Russian, and from
// whatever there is into languages that are asked for.
func xwmtTasks(r *reader, langs []lang.Tag) ([]part, error) {
	dir := "test"
	if r.has("xwmt/test") {
		dir = "xwmt/test"
	}
	folders, err := fs.ReadDir(r.FS, dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range folders {
		from, to, ok := strings.Cut(f.Name(), "-")
		source, err := tagOf(from)
		target, err2 := tagOf(to)
		if !ok || err != nil || err2 != nil || !wanted(target, langs) || len(langs) == 0 && source != "en" && source != "ru" {
			continue
		}
		p := translation(source, target)
		p.code, p.file = f.Name(), path.Join(dir, f.Name(), f.Name()+"."+to)
		parts = append(parts, p)
	}
	return sorted(parts), nil
}
