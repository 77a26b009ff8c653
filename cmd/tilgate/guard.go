package main

import (
	"io/fs"
	"os"

	"tilgate/internal/lid"
	"tilgate/internal/personal"
	"tilgate/serving/guard"
)

// openGuard returns the guard that the configuration asks for.
func openGuard(c Config) (*guard.Policy, error) {
	o := guard.Options{MaskAsked: c.Personal.Questions, MaskSaid: c.Personal.Answers}
	if o.MaskAsked || o.MaskSaid {
		var extra fs.FS
		if c.Personal.Folder != "" {
			extra = os.DirFS(c.Personal.Folder)
		}
		finder, err := personal.New(c.Personal.Countries, extra)
		if err != nil {
			return nil, err
		}
		o.Personal = finder
	}
	return guard.New(detector{lid.Default()}, o), nil
}
