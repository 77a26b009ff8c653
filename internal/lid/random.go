package lid

// random is the splitmix64 generator: the same numbers everywhere, for ever.
type random uint64

func (r *random) uint64() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.uint64() >> 33 % uint64(n)) }
func (r *random) float() float64  { return float64(r.uint64()>>11) / (1 << 53) }

func shuffle[T any](r *random, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
