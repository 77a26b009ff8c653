package lora

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A pairing puts each A together with its B.
type pairing struct {
	byPlace map[place]*halves
}

type place struct {
	layer  int
	module string
}

func (p place) String() string { return fmt.Sprintf("layer %d, %s", p.layer, p.module) }

type halves struct{ a, b *matrix }

func (x *pairing) add(layer int, module string, isB bool, m matrix) error {
	if x.byPlace == nil {
		x.byPlace = map[place]*halves{}
	}
	at := place{layer, module}
	if x.byPlace[at] == nil {
		x.byPlace[at] = &halves{}
	}
	half := &x.byPlace[at].a
	if isB {
		half = &x.byPlace[at].b
	}
	if *half != nil {
		return errors.New("stands there twice, under two names")
	}
	*half = &m
	return nil
}

// pairs returns the pairs, ordered by layer and module, without those that
// are at fault.
func (x *pairing) pairs(f *faults) []pair {
	places := slices.SortedFunc(maps.Keys(x.byPlace), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(moduleIndex(a.module), moduleIndex(b.module)))
	})
	var list []pair
	for _, at := range places {
		h := x.byPlace[at]
		switch {
		case h.a == nil:
			f.add(at.String(), "B is there without its A")
		case h.b == nil:
			f.add(at.String(), "A is there without its B")
		case h.a.rows != h.b.cols:
			f.add(at.String(), "A is of rank %d, B of rank %d", h.a.rows, h.b.cols)
		default:
			list = append(list, pair{layer: at.layer, module: at.module, a: *h.a, b: *h.b})
		}
	}
	if len(list) == 0 && f.none() {
		f.add("", "there is no adapted projection in it")
	}
	return list
}
