// Package rag measures Tilgate's retrieval beside two libraries that embed
// like it, in one run and on the same made-up passages: bleve for words,
// chromem-go for vectors. It is a module of its own, so that Tilgate does not
// depend on them.
//
//	go test -bench . -benchtime 1x -timeout 1h [-args -passages 10000]
package rag
