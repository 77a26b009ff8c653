package ollama

import (
	"testing"

	"tilgate/internal/fault"
)

func TestSameRunner(t *testing.T) {
	c, err := New("http://127.0.0.1:1", Options{NumCtx: 4096})
	if err != nil {
		t.Fatal(err)
	}
	for body, field := range map[string]string{
		`{"model":"m"}`:                "",
		`{"model":"m","options":null}`: "",
		`{"model":"m","options":{"temperature":0,"num_predict":5}}`: "",
		`{"model":"m","options":{"num_ctx":4096}}`:                  "",
		`{"model":"m","options":{"num_ctx":null}}`:                  "",
		`{"model":"m","options":{"num_ctx":8192}}`:                  "options.num_ctx",
		`{"model":"m","options":{"num_ctx":4096.5}}`:                "options.num_ctx",
		`{"model":"m","Options":{"NUM_THREAD":1}}`:                  "Options.NUM_THREAD",
		`{"model":"m","options":{"\u006eum_gpu":0}}`:                "options.num_gpu",
		`{"model":"m","options":{"use_mmap":false}}`:                "options.use_mmap",
		`{"model":"m","keep_alive":"5m"}`:                           "",
		`{"model":"m","keep_alive":-1}`:                             "",
		`{"model":"m","keep_alive":null}`:                           "",
		`{"model":"m","keep_alive":"soon"}`:                         "", // which Ollama itself refuses
		`{"model":"m","keep_alive":0}`:                              "keep_alive",
		`{"model":"m","keep_alive":1e-9}`:                           "keep_alive",
		`{"model":"m","Keep_Alive":"0s"}`:                           "Keep_Alive",
	} {
		err := c.sameRunner([]byte(body))
		if _, param := fault.Public(err); (err != nil) != (field != "") || err != nil && (!fault.Invalid.Is(err) || param != field) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
