package gateway

import (
	"maps"
	"strings"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// maxMessages is how many turns a conversation may have.
const maxMessages = 2048

// messages reads the conversation.
func (d *decoder) messages(path string) error {
	return d.list(path, func(place string) error {
		if len(d.Messages) == maxMessages {
			return fault.Invalid.Field(path, "%s holds more than %d messages; leave the oldest out", path, maxMessages)
		}
		m, err := d.message(place)
		d.Messages = append(d.Messages, m)
		return err
	})
}

// message reads one turn. A turn of the assistant may be the message of an
// earlier answer, sent back as it was.
func (d *decoder) message(path string) (serving.Message, error) {
	var m serving.Message
	has := false
	pass := func(string) error { return d.skip() }
	nothing := func(path string) error {
		if d.null() {
			return nil
		}
		return d.refuse(path)
	}
	t := table{
		"role": func(path string) (err error) { m.Role, err = d.role(path); return err },
		"content": func(path string) (err error) {
			has = true
			m.Content, err = d.content(path)
			return err
		},
		"name":          pass,
		"annotations":   pass,
		"refusal":       nothing,
		"audio":         nothing,
		"tool_calls":    nothing,
		"tool_call_id":  nothing,
		"function_call": nothing,
	}
	maps.Copy(t, d.said)
	err := d.object(path, t, d.unknown)
	switch {
	case err != nil:
	case m.Role == "":
		err = fault.Invalid.Field(path+".role", `%s.role is missing; it is "system", "user" or "assistant"`, path)
	case !has:
		err = fault.Invalid.Field(path+".content", "%s.content is missing", path)
	}
	return m, err
}

func (d *decoder) role(path string) (string, error) {
	role, err := d.text(path)
	switch {
	case err != nil:
		return "", err
	case role == "developer":
		return "system", nil
	case role == "system" || role == "user" || role == "assistant":
		return role, nil
	case role == "tool" || role == "function":
		return "", fault.Invalid.Field(path, `the role %q is not available with "auto"; leave its messages out, or name a plain model`, role)
	}
	return "", fault.Invalid.Field(path, `%s must be "system", "developer", "user" or "assistant", not %s`, path, quote(role))
}

// content reads a string or a list of text parts, which become paragraphs.
func (d *decoder) content(path string) (string, error) {
	switch d.kind() {
	case '"':
		return d.text(path)
	case '[':
	default:
		return "", d.wrong(path, "a string or a list of text parts")
	}
	var parts []string
	err := d.list(path, func(path string) error {
		text, err := d.part(path)
		parts = append(parts, text)
		return err
	})
	return strings.Join(parts, "\n"), err
}

// part reads {"type":"text","text":"…"}. Fields of parts that we refuse are
// passed over, so that the error names the type.
func (d *decoder) part(path string) (string, error) {
	var kind, text, strange string
	has := false
	err := d.object(path, table{
		"type": func(path string) (err error) { kind, err = d.text(path); return err },
		"text": func(path string) (err error) { has = true; text, err = d.text(path); return err },
	}, func(key, path string) error {
		strange = path
		return d.skip()
	})
	switch {
	case err != nil:
		return "", err
	case kind == "":
		return "", fault.Invalid.Field(path+".type", `%s.type is missing; it must be "text"`, path)
	case kind != "text":
		return "", fault.Invalid.Field(path+".type", `parts of type %s are not available with "auto"; send text, or name a plain model`, quote(kind))
	case strange != "":
		return "", d.unknown("", strange)
	case !has:
		return "", fault.Invalid.Field(path+".text", "%s.text is missing", path)
	}
	return text, nil
}
