package main

import "strings"

// A phrase is one by which the text of a licence is known; all must be there.
// The first of a family counts, so the more particular stand first.
var phrases = []struct {
	licence string
	family  string
	words   []string
}{
	{"AGPL", "gpl", []string{"gnu affero general public license"}},
	{"LGPL", "gpl", []string{"gnu lesser general public license"}},
	{"LGPL", "gpl", []string{"gnu library general public license"}},
	{"GPL", "gpl", []string{"gnu general public license"}},
	{"MPL-2.0", "mpl", []string{"mozilla public license"}},
	{"EPL", "epl", []string{"eclipse public license"}},
	{"SSPL", "sspl", []string{"server side public license"}},
	{"BUSL", "busl", []string{"business source license"}},
	{"Commons Clause", "commons", []string{"commons clause"}},
	{"CC-BY", "cc", []string{"creative commons attribution"}},
	{"CC0-1.0", "cc", []string{"cc0 1.0 universal"}},
	{"Apache-2.0", "apache", []string{"apache license", "version 2.0"}},
	{"BSD-3-Clause", "bsd", []string{"redistributions of source code must retain", "redistributions in binary form must reproduce", "endorse or promote products"}},
	{"BSD-2-Clause", "bsd", []string{"redistributions of source code must retain", "redistributions in binary form must reproduce"}},
	{"MIT", "mit", []string{"permission is hereby granted, free of charge, to any person obtaining", "the above copyright notice and this permission notice shall be included"}},
	{"MIT-0", "mit", []string{"permission is hereby granted, free of charge, to any person obtaining"}},
	{"ISC", "isc", []string{"permission to use, copy, modify, and/or distribute this software for any purpose", "provided that the above copyright notice"}},
	{"ISC", "isc", []string{"permission to use, copy, modify, and distribute this software for any purpose", "provided that the above copyright notice"}},
	{"0BSD", "isc", []string{"permission to use, copy, modify, and/or distribute this software for any purpose"}},
	{"Unlicense", "unlicense", []string{"this is free and unencumbered software released into the public domain"}},
	{"Public domain", "sqlite", []string{"the author disclaims copyright to this source code"}},
	{"Public domain", "sqlite", []string{"dedicated to the public domain"}},
	{"BlueOak-1.0.0", "blueoak", []string{"blue oak model license"}},
	{"Zlib", "zlib", []string{"this software is provided 'as-is', without any express or implied warranty", "altered source versions must be plainly marked"}},
	{"Unicode-3.0", "unicode", []string{"unicode license v3"}},
}

// classify returns the licences whose text stands in a file, or which it names;
// none if it knows none.
func classify(text string) (list []string) {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	found := map[string]bool{}
	for _, p := range phrases {
		if !found[p.family] && holdsAll(text, p.words) {
			found[p.family] = true
			list = append(list, p.licence)
		}
	}
	return list
}

func holdsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
