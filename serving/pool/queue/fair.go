package queue

// fair holds the requests of many keys. They are served in rounds: one of each
// key that has any, so that a key with a thousand waits no shorter and takes
// no more than one with a few.
type fair struct {
	size  int
	round []*share // the next is the first
}

// A share is what waits of one key, the oldest first.
type share struct {
	key     string
	waiters []*waiter
}

func (f *fair) push(w *waiter) {
	f.size++
	for _, s := range f.round {
		if s.key == w.ticket.Key {
			s.waiters = append(s.waiters, w)
			return
		}
	}
	f.round = append(f.round, &share{w.ticket.Key, []*waiter{w}})
}

// pop takes the next, of which there must be one.
func (f *fair) pop() *waiter {
	f.size--
	s := f.round[0]
	w := s.waiters[0]
	s.waiters[0] = nil
	s.waiters = s.waiters[1:]
	copy(f.round, f.round[1:])
	if last := len(f.round) - 1; len(s.waiters) > 0 {
		f.round[last] = s
	} else {
		f.round[last] = nil
		f.round = f.round[:last]
	}
	return w
}

// remove takes one out of the middle, if it is there.
func (f *fair) remove(w *waiter) bool {
	for i, s := range f.round {
		if s.key != w.ticket.Key {
			continue
		}
		for j, other := range s.waiters {
			if other != w {
				continue
			}
			f.size--
			s.waiters = append(s.waiters[:j:j], s.waiters[j+1:]...)
			if len(s.waiters) == 0 {
				f.round = append(f.round[:i], f.round[i+1:]...)
			}
			return true
		}
	}
	return false
}

// ahead is how many requests would go before the next of key.
func (f *fair) ahead(key string) int {
	own := 0
	for _, s := range f.round {
		if s.key == key {
			own = len(s.waiters)
		}
	}
	n := 0
	for _, s := range f.round {
		if s.key == key {
			n += own
		} else {
			n += min(len(s.waiters), own+1)
		}
	}
	return n
}
