package translit

import (
	"slices"
	"sync"

	"tilgate/internal/lang"
)

// alphabets are all that there are, by language.
var alphabets = sync.OnceValue(func() map[lang.Tag][]Alphabet {
	all := map[lang.Tag][]Alphabet{}
	for _, s := range slices.Concat(kazakh(), turkic(), otherCyrillic(), mainLatin(), arabic(), jawi()) {
		tag := lang.Tag(s.tag)
		first := !slices.ContainsFunc(all[tag], func(a Alphabet) bool { return a.Script == s.script })
		a := Alphabet{Tag: tag, Main: s.main, Script: s.script, Name: s.name, Default: first, RoundTrips: s.roundTrips, OneWay: s.oneWay,
			write: newTable(s, true), read: newTable(s, false)}
		keepApart(a.write, a.read)
		all[tag] = append(all[tag], a)
	}
	return all
})
