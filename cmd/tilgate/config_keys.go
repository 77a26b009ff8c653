package main

import (
	"cmp"
	"path/filepath"

	"tilgate/serving/auth"
)

// keysFile is where tilgate key keeps callers.
func (c Config) keysFile() auth.File {
	return auth.File{Path: cmp.Or(c.KeysFile, filepath.Join(c.Data, "keys.toml"))}
}
