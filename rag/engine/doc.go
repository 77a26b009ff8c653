// Package engine is the embedded store: a fenced subset of Qdrant.
//
// Tilgate always speaks to its index with Qdrant's own Go client. Where no
// Qdrant server is given, the client is connected over an in-memory listener
// to an Engine, which answers the calls Tilgate makes and refuses every other
// one by name (codes.Unimplemented). Moving to a server is then a copy from
// one address to another.
//
// The one thing to know before changing it: a point lives in a slot, a number
// that is never used twice. An upsert writes the point into a new slot and
// lets the old one die; only SetPayload changes a slot in place. Everything
// else, posting segments above all, may therefore be immutable, and whether a
// slot is alive is asked in one place, at the end of a search.
//
// On disk a data folder holds catalog.db (collections and aliases) and one
// folder per collection with points.db (what was acknowledged) and *.postings
// (what can be rebuilt from it).
package engine
