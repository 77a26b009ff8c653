package main

import (
	"tilgate/internal/lid"
	"tilgate/internal/personal"
	"tilgate/serving/guard"
)

// openGuard returns the guard that the configuration asks for.
func openGuard(c Config) (*guard.Policy, error) {
	o := guard.Options{MaskAsked: c.Personal.Questions, MaskSaid: c.Personal.Answers}
	if o.MaskAsked || o.MaskSaid {
		finder, err := personal.New(c.Personal.Countries, c.Personal.extra())
		if err != nil {
			return nil, err
		}
		o.Personal = finder
	}
	return guard.New(detector{lid.Default()}, o), nil
}
