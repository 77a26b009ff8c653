// Package translit writes a text in another script of its language, and says
// what a text would be had the right keyboard been on.
//
// A language has a main script, and alphabets that are written from it and
// read back into it by tables of rules: ш is sh, е is ye where a word begins.
// The longest rule that fits a place wins. Two alphabets of a language meet in
// the main script.
//
// The one thing to know before changing a table: an alphabet that RoundTrips
// promises that Read gives back what Write was given, letter for letter, as
// long as that was spelled in the main script's letters, with the apostrophes
// that Unicode has for them. Where two letters side by side would be read as
// one, Write puts an apostrophe between them (сх is sʼh) and Read takes it out
// again, so that a new pair of letters in a table breaks nothing. The others
// follow a spelling that people know and that loses something.
//
// What is not in the source script stays. In Latin text so do addresses,
// code in backticks, Roman numbers, and names that hold digits (COVID-19).
package translit
