package send

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving/handover"
)

const hookSecret = "0123456789abcdef0123456789abcdef"

// waiting is a case of a citizen who would rather it were something else.
func waiting() handover.Case {
	return handover.Case{ID: "ho-abcdefghijklmnopqrstuvwxyz234567", Time: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Tenant: "moh", Key: "page", Language: "ky",
		Why: handover.OnRequest, Contact: "Айда <aida@mail.kg>", State: handover.Waiting, Secret: "s3cret-s3cret-s3cret-s3cret",
		Messages: []handover.Message{{Role: handover.User, Content: "Паспортум жоголду.\n.\nSubject: x\n\u202eQUIT"}, {Role: handover.Assistant, Content: "<script>alert(1)</script>"}}}
}

// hook is a webhook that answers with a status, and notes the last request.
func hook(t *testing.T, status *int) (url string, last *http.Request, body *[]byte) {
	last, body = &http.Request{}, new([]byte)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = *r.Clone(context.Background())
		*body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(*status)
		io.WriteString(w, "your secret is "+strings.Repeat("x", 1<<20))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/hook?office=7", last, body
}

func TestWebhook(t *testing.T) {
	status := 204
	url, last, body := hook(t, &status)
	w, err := NewWebhook(url, hookSecret, outbound.Way{}, "https://ask.moh.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := waiting()
	if err := w.Send(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	h := last.Header
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(*body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("webhook-signature") != want || h.Get("webhook-id") != c.ID || h.Get("Idempotency-Key") != c.ID {
		t.Errorf("signed %v, want %s", h, want)
	}
	var got struct {
		Type, ID, Contact string
		Messages          []handover.Message
		Reply             struct{ URL, Secret, Page string }
	}
	if err := json.Unmarshal(*body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "handover" || got.ID != c.ID || got.Contact != c.Contact || len(got.Messages) != 2 || got.Messages[0] != c.Messages[0] {
		t.Errorf("told %s", *body)
	}
	if r := got.Reply; r.URL != "https://ask.moh.example/v1/handover/"+c.ID+"/reply" || r.Secret != c.Secret || r.Page != "https://ask.moh.example/handover/"+c.ID+"?secret="+c.Secret {
		t.Errorf("to be answered at %+v", r)
	}
	for _, status = range []int{199 + 101, 302, 400, 410, 500, 503} {
		if err := w.Send(t.Context(), c); err == nil || strings.Contains(err.Error(), "xxx") || strings.Contains(err.Error(), c.Contact) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// The specification's own way of writing a secret, and what is none.
func TestWebhookSecret(t *testing.T) {
	for secret, ok := range map[string]bool{
		hookSecret: true, "whsec_" + base64.StdEncoding.EncodeToString([]byte(hookSecret)): true,
		"": false, "short": false, "whsec_****": false, "whsec_" + base64.StdEncoding.EncodeToString([]byte("short")): false,
	} {
		if w, err := NewWebhook("http://127.0.0.1:1", secret, outbound.Way{}, ""); (err == nil) != ok {
			t.Errorf("%q: %v", secret, err)
		} else if ok && string(w.secret) != hookSecret {
			t.Errorf("%q is read as %q", secret, w.secret)
		}
	}
}

// What may not go there does not, and what does not answer is waited for no longer
// than the context says.
func TestWebhookWay(t *testing.T) {
	w, _ := NewWebhook("http://127.0.0.1:1/", hookSecret, outbound.Way{What: "webhook", Site: "KG"}, "")
	ctx := outbound.WithSites(t.Context(), []string{"UZ"})
	if err := w.Check(ctx); !fault.Forbidden.Is(err) {
		t.Errorf("%v", err)
	}
	if err := w.Send(ctx, waiting()); !fault.Forbidden.Is(err) {
		t.Errorf("%v", err)
	}
	public, _ := NewWebhook("http://8.8.8.8/", hookSecret, outbound.Way{What: "webhook"}, "")
	if err := public.Send(t.Context(), waiting()); err == nil || !strings.Contains(err.Error(), "public = true") {
		t.Errorf("%v", err)
	}
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	silent, _ := NewWebhook(s.URL, hookSecret, outbound.Way{}, "")
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := silent.Send(short, waiting()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
