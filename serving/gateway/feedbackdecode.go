package gateway

import (
	"tilgate/internal/fault"
	"tilgate/serving/feedback"
)

// maxFeedback is how large feedback may be, in bytes: room for the longest
// texts in any script, each letter escaped.
const maxFeedback = 512 << 10

// mostReasons is how many reasons are read before the rest is too much.
const mostReasons = 16

// decodeFeedback reads what a client sends as feedback. What it means is
// checked where it is made.
func decodeFeedback(body []byte) (g feedback.Given, err error) {
	err = small(body, func(d *decoder) table {
		return table{
			"exchange":     d.string(&g.Exchange),
			"rating":       d.rating(&g.Rating),
			"reasons":      d.reasons(&g.Reasons),
			"correction":   d.string(&g.Correction),
			"comment":      d.string(&g.Comment),
			"consent":      d.consent(&g.Consent),
			"conversation": d.string(&g.Conversation),
			"person":       d.string(&g.Person),
			"question":     d.string(&g.Question),
			"answer":       d.string(&g.Answer),
		}
	})
	return g, err
}

// decodeReview reads a review.
func decodeReview(body []byte) (r feedback.Review, err error) {
	err = small(body, func(d *decoder) table {
		return table{
			"verdict":    func(path string) (err error) { r.Verdict, err = textAs[feedback.Verdict](d, path); return err },
			"revision":   d.string(&r.Revision),
			"correction": d.string(&r.Correction),
		}
	})
	return r, err
}

// small reads a body that has no reason to be large.
func small(body []byte, fields func(d *decoder) table) error {
	if len(body) > maxFeedback {
		return fault.TooLarge.Errorf("feedback is %d bytes; the most is %d", len(body), maxFeedback)
	}
	return fieldsOf(body, 0, fields)
}

func (d *decoder) string(to *string) func(path string) error {
	return func(path string) (err error) {
		*to, err = d.text(path)
		return err
	}
}

func textAs[T ~string](d *decoder, path string) (T, error) {
	text, err := d.text(path)
	return T(text), err
}

func (d *decoder) rating(to *int) func(path string) error {
	return func(path string) error {
		var n *int
		if err := d.integer(&n, -1)(path); err != nil {
			return err
		}
		*to = *n
		return nil
	}
}

func (d *decoder) reasons(to *[]feedback.Reason) func(path string) error {
	return func(path string) error {
		return d.list(path, func(place string) error {
			if len(*to) == mostReasons {
				return fault.Invalid.Field(path, "%s holds more than %d reasons", path, mostReasons)
			}
			reason, err := textAs[feedback.Reason](d, place)
			*to = append(*to, reason)
			return err
		})
	}
}

func (d *decoder) consent(to *feedback.Consent) func(path string) error {
	return func(path string) error {
		return d.object(path, d.nullable(table{
			"training": func(path string) (err error) { to.Training, err = d.boolean(path); return err },
			"language": d.tag(&to.Language),
			"version":  d.string(&to.Version),
		}), func(_, path string) error { return fault.Invalid.Field(path, "there is no field %s here", quote(path)) })
	}
}
