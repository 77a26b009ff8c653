package adapters

import (
	"io/fs"
	"strings"
)

// Check reads folders as Load does, and returns the adapters of the last one
// together with every fault of its files and between all of them. only, unless
// empty, is the name of the one file there to look at.
func Check(only string, folders ...fs.FS) (checked []*Adapter, faults []error) {
	var layers [][]*Adapter
	for i, dir := range folders {
		files, err := readFolder(dir, nil)
		if err != nil {
			return nil, []error{err}
		}
		var layer []*Adapter
		for _, f := range files {
			last := i == len(folders)-1
			if last && only != "" && f.name != strings.TrimSuffix(only, ".toml") {
				continue
			}
			if err := f.err(); err != nil {
				faults = append(faults, err)
				continue
			}
			layer = append(layer, f.adapter)
			if last {
				checked = append(checked, f.adapter)
			}
		}
		layers = append(layers, layer)
	}
	if _, err := assemble(Options{}, layers...); err != nil {
		faults = append(faults, err)
	}
	return checked, faults
}
