package pool

import (
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"io"

	"tilgate/serving"
)

// A conversation is asked again with all that was said before; a server that
// has read it once need not read it again. So it goes to the same server,
// which is known by a hash of how the conversation began. The tenant is part
// of it: who shares a cache can measure what others asked, so two tenants who
// say the same are not brought together on purpose.

// ofPrompt returns the key of the conversation in a prompt.
func ofPrompt(ctx context.Context, p serving.Prompt) uint64 {
	for _, m := range p.Messages {
		if m.Role == "user" {
			return keyOf(ctx, p.Model, m.Content)
		}
	}
	return 0
}

// ofBody returns the key of the conversation in a request that goes through; 0
// if there is none in it.
func ofBody(ctx context.Context, model string, body []byte) uint64 {
	var b struct {
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	if json.Unmarshal(body, &b) != nil {
		return 0 // the server will say what is wrong
	}
	for _, m := range b.Messages {
		if m.Role == "user" {
			return keyOf(ctx, model, string(m.Content))
		}
	}
	return 0
}

func keyOf(ctx context.Context, model, begins string) uint64 {
	c := serving.CallerOf(ctx)
	h := fnv.New64a()
	for _, s := range []string{c.Tenant, model, begins} {
		_, _ = io.WriteString(h, s) // a hash takes all
		_, _ = h.Write([]byte{0})
	}
	return max(h.Sum64(), 1)
}

// compareWeight compares how much two servers attract a conversation. When one
// joins or goes, only the conversations that it attracts most move.
func compareWeight(key uint64, a, b *replica) int {
	return cmp.Compare(weight(key, a.Name), weight(key, b.Name))
}

// weight mixes a key and a name, so that every bit of both counts.
func weight(key uint64, name string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	x := h.Sum64() ^ key
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
