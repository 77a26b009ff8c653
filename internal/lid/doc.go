// Package lid tells which language a text is in.
//
// The script of most letters chooses a model, and the words in that script are
// cut into n-grams of one to four letters. Each n-gram and each word has a row
// of numbers, found by its hash; the sum of the rows is compared with a row for
// each language the model knows, and a temperature that depends on the length
// of the text makes probabilities of the result. A script that only one
// language uses needs no model.
//
// Train learns the rows from lines of label and sentence. What the sources
// lack it writes itself, with the plain tables in translit.go and keyboard.go:
// text in the second script of a language (romanised Hindi, Uzbek in Cyrillic,
// Kazakh in Arabic letters), and text as typed on a keyboard that lacks some
// of a language's letters. Labels are tags without a script; which labels are
// merged stands in label.go. The tag says the language, the Guess's Script the
// letters: romanised Kyrgyz is ky in Latn.
//
// Burmese in the old Zawgyi encoding is my too: one source, NTREX, is written
// in it, and nothing else teaches it.
//
// Confidence is a probability, set right on pieces of sentences that training
// did not see. The shorter a text, the less sure the answer; below
// Options.Floor it is lang.Und. Each model also knows what gibberish looks
// like, and keeps part of the probability for it.
//
// Before changing anything that decides which features a text has (chars.go,
// feature.go), know that the embedded weights fit only the code that made
// them: train again with
//
//	tilgate lang train DIR
package lid
