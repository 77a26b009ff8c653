package gateway

import (
	"tilgate/internal/fault"
	"tilgate/serving/handover"
)

// decodeHandover reads what a client sends to have a person asked. What it means
// is checked where it is taken in.
func decodeHandover(body []byte) (a handover.Asked, err error) {
	err = small(body, func(d *decoder) table {
		return table{
			"messages": d.handedOver(&a.Messages),
			"contact":  d.string(&a.Contact),
			"language": d.tag(&a.Language),
			"token":    d.string(&a.Token),
		}
	})
	return a, err
}

// An answering is what staff answer a case.
type answering struct {
	text  string
	close bool
}

func decodeAnswering(body []byte) (a answering, err error) {
	err = small(body, func(d *decoder) table {
		return table{
			"text":  d.string(&a.text),
			"close": func(path string) (err error) { a.close, err = d.boolean(path); return err },
		}
	})
	if err == nil && a.text == "" && !a.close {
		err = fault.Invalid.Field("text", `text is missing; it is the answer, or "close": true closes without one`)
	}
	return a, err
}

// handedOver reads a conversation.
func (d *decoder) handedOver(to *[]handover.Message) func(path string) error {
	return func(path string) error {
		return d.list(path, func(place string) error {
			if len(*to) > handover.MostMessages { // one more says that there are too many
				return d.skip()
			}
			var m handover.Message
			err := d.object(place, d.nullable(table{
				"role":    func(path string) (err error) { m.Role, err = textAs[handover.Role](d, path); return err },
				"content": d.string(&m.Content),
			}), func(_, path string) error { return fault.Invalid.Field(path, "there is no field %s here", quote(path)) })
			*to = append(*to, m)
			return err
		})
	}
}
