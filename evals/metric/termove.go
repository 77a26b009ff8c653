package metric

import "slices"

// A terSearch looks for runs of words to move.
type terSearch struct {
	ref        []uint32
	now, trial *editTable // of hyp as it stands, and with a run moved
	tried      int
	moved      []uint32
}

// A move takes the length words at from to stand before what is now at to.
type move struct {
	gain, length, from, to int
	words                  []uint32
}

// better orders moves as Tercom does: by what they save, the longer, from the
// left, to the left, and at last by the words.
func (m move) better(o move) bool {
	switch {
	case m.gain != o.gain:
		return m.gain > o.gain
	case m.length != o.length:
		return m.length > o.length
	case m.from != o.from:
		return m.from < o.from
	case m.to != o.to:
		return m.to < o.to
	}
	return false // the same move, by way of another word of ref
}

// bestMove returns what the best move of a run of hyp saves, and hyp after it.
// t.now is filled with hyp.
func (t *terSearch) bestMove(hyp []uint32) (gain int, moved []uint32) {
	before := t.now.distance(len(hyp))
	a := t.now.align(len(hyp))
	var best move
	found := false
	t.runs(hyp, func(h, r, n int) bool {
		if !slices.Contains(a.hypEdited[h:h+n], true) || !slices.Contains(a.refEdited[r:r+n], true) {
			return true // it stands right already
		}
		if h <= a.toHyp[r] && a.toHyp[r] < h+n {
			return true // it would be moved into itself
		}
		last := -1
		for offset := -1; offset < n; offset++ {
			to := 0
			if r+offset >= 0 {
				if r+offset >= len(t.ref) {
					break
				}
				to = a.toHyp[r+offset] + 1
			}
			if to == last {
				continue
			}
			last = to
			t.moved = moveRun(t.moved[:0], hyp, h, n, to)
			t.tried++
			m := move{before - t.cost(hyp, t.moved), n, h, to, nil}
			if !found || m.better(best) {
				m.words = slices.Clone(t.moved)
				best, found = m, true
			}
		}
		return t.tried < maxCandidates
	})
	if !found {
		return 0, hyp
	}
	return best.gain, best.words
}

// cost returns the edits that remain after a move. The rows of the words
// before it are those of t.now.
func (t *terSearch) cost(hyp, moved []uint32) int {
	same := 0
	for same < len(hyp) && hyp[same] == moved[same] {
		same++
	}
	if same == len(hyp) {
		return t.now.distance(len(hyp))
	}
	copy(t.trial.row(same), t.now.row(same))
	t.trial.fill(moved, same)
	return t.trial.distance(len(moved))
}

// runs calls do with each run of hyp that also stands in ref: where in hyp,
// where in ref, and how many words. It ends when do returns false.
func (t *terSearch) runs(hyp []uint32, do func(h, r, n int) bool) {
	for h := range hyp {
		for r := max(0, h-maxShiftFar); r < min(len(t.ref), h+maxShiftFar+1); r++ {
			for n := 0; n < maxShift && h+n < len(hyp) && r+n < len(t.ref) && hyp[h+n] == t.ref[r+n]; n++ {
				if !do(h, r, n+1) {
					return
				}
			}
		}
	}
}

// moveRun appends words to out with the n of them at from moved to to, as
// Tercom counts places: beyond the run, in the text without it.
func moveRun(out, words []uint32, from, n, to int) []uint32 {
	run := words[from : from+n]
	switch {
	case to < from:
		out = append(append(out, words[:to]...), run...)
		return append(append(out, words[to:from]...), words[from+n:]...)
	case to > from+n:
		out = append(append(out, words[:from]...), words[from+n:to]...)
		return append(append(out, run...), words[to:]...)
	}
	end := min(len(words), n+to)
	out = append(append(out, words[:from]...), words[from+n:end]...)
	return append(append(out, run...), words[end:]...)
}
