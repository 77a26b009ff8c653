package feedback

import "slices"

// masked returns f with personal data hidden in all of its words.
func (f Feedback) masked(mask func(string) string) Feedback {
	for _, text := range []*string{&f.Question, &f.Answer, &f.Correction, &f.Comment} {
		*text = mask(*text)
	}
	f.Before = slices.Clone(f.Before)
	for i := range f.Before {
		f.Before[i].Content = mask(f.Before[i].Content)
	}
	f.Reviews = slices.Clone(f.Reviews)
	for i := range f.Reviews {
		f.Reviews[i].Correction = mask(f.Reviews[i].Correction)
	}
	return f
}
