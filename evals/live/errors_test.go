package live

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tilgate/evals"
	"tilgate/internal/fault"
)

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		status int
		header [2]string
		body   string
		kind   fault.Kind
		again  time.Duration
		words  string
	}{
		{400, [2]string{}, `{"error":{"message":"seed is too large","type":"invalid_request_error","param":"seed","code":"invalid_request"}}`, fault.Invalid, 0, "400 Bad Request: seed is too large"},
		{400, [2]string{}, `{"object":"error","message":"too long","type":"BadRequestError","code":400}`, fault.Invalid, 0, "too long"},
		{401, [2]string{}, `{"error":{"message":"no key"}}`, fault.Unauthorized, 0, "no key"},
		{403, [2]string{}, `{"error":"not for you"}`, fault.Forbidden, 0, "not for you"},
		{404, [2]string{}, `{"error":"model 'm' not found"}`, fault.NotFound, 0, "model 'm' not found"},
		{404, [2]string{}, `404 page not found`, fault.NotFound, 0, `"404 page not found"`},
		{413, [2]string{}, ``, fault.TooLarge, 0, "413 Request Entity Too Large"},
		{422, [2]string{}, `{"detail":[{"msg":"field required"}]}`, fault.Invalid, 0, "field required"},
		{422, [2]string{}, `{"error":{"message":"no adapter serves fr","code":"unsupported_language"}}`, fault.Unsupported, 0, "no adapter serves fr"},
		{429, [2]string{"Retry-After", "7"}, `{"error":{"message":"slowly"}}`, fault.Limited, 7 * time.Second, "slowly"},
		{500, [2]string{}, `{"error":{"message":"` + strings.Repeat("боом ", 100) + `"}}`, fault.Unavailable, 0, "боом …"},
		{502, [2]string{}, `<html><h1>Bad Gateway</h1>` + strings.Repeat("x", 300), fault.Unavailable, 0, `"<html><h1>Bad Gateway</h1>xx`},
		{503, [2]string{"Retry-After", "2"}, `{"error":"server busy"}`, fault.Unavailable, 2 * time.Second, "server busy"},
		{504, [2]string{}, ``, fault.Timeout, 0, "504"},
		{302, [2]string{"Location", "https://example.org/login"}, ``, fault.Invalid, 0, "https://example.org/login"},
	} {
		f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: func(w http.ResponseWriter, _ *http.Request) {
			if tt.header[0] != "" {
				w.Header().Set(tt.header[0], tt.header[1])
			}
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}}))
		_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
		wrong(t, err, tt.kind, tt.words)
		if got := fault.Again(err); got != tt.again {
			t.Errorf("%d: again after %s, want %s", tt.status, got, tt.again)
		}
		if err != nil && len([]rune(err.Error())) > sayingRunes+60 {
			t.Errorf("%d: %d characters of error", tt.status, len([]rune(err.Error())))
		}
	}
}

// What a content rule stops at once is an answer too.
func TestBlockedQuestion(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error":{"message":"a rule stops this","type":"invalid_request_error","param":null,"code":"content_filter"}}`)
	}}))
	a, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Safety))
	if err != nil {
		t.Fatal(err)
	}
	same(t, a, evals.Answer{Blocked: true, Finish: "content_filter"})
}

func TestGone(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{}))
	s := dialed(t, f, Options{})
	f.Close()
	_, err := s.Target("m").Ask(t.Context(), question(evals.Open))
	wrong(t, err, fault.Unavailable, f.URL+" gives no answer", "refused")
}

func TestRetryAfterDate(t *testing.T) {
	h := http.Header{}
	h.Set("Retry-After", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
	if got := again(h); got < 25*time.Second || got > 30*time.Second {
		t.Errorf("again after %s", got)
	}
}
