package pool

import (
	"testing"

	"tilgate/serving"
)

// What the pool costs a request that goes through.
func BenchmarkForward(b *testing.B) {
	body := []byte(`{"model":"m","messages":[{"role":"system","content":"Сиз жардамчысыз"},{"role":"user","content":"Аялдар канча жаштан пенсияга чыгат?"}],"stream":false}`)
	for name, servers := range map[string][]*stage{"one": {says("x")}, "four": {says("x"), says("x"), says("x"), says("x")}} {
		p := New(named(servers...), quoting, Options{})
		p.watched.Store(true)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Forward(b.Context(), serving.Raw{Surface: serving.OpenAI, Path: "/v1/chat/completions", Model: "m", Body: body}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
