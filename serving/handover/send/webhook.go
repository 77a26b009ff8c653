package send

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/outbound"
	"tilgate/serving/handover"
)

// A Webhook sends cases by POST, signed as the Standard Webhooks specification
// has it (standardwebhooks.com), for which there are verifiers in most languages:
// webhook-signature is "v1," and the base64 of HMAC-SHA256 over
// ID.TIMESTAMP.BODY, where the other two are in webhook-id and webhook-timestamp.
// Who checks that the time is a recent one is safe from what was sent before.
type Webhook struct {
	outbound.Way
	url    string
	secret []byte
	links  Links
	client *http.Client
}

// leastSecret is how short a secret may be, in bytes.
const leastSecret = 24

// NewWebhook returns a webhook at a URL. A secret that begins with "whsec_" is
// base64 after it, as the specification has it; any other is taken as it is.
func NewWebhook(url, secret string, way outbound.Way, links Links) (*Webhook, error) {
	key := []byte(secret)
	if text, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, errors.New("the secret of the webhook begins with whsec_, and what follows is not base64")
		}
	}
	if len(key) < leastSecret {
		return nil, fmt.Errorf("the secret of the webhook has %d bytes; it must have at least %d, such as openssl rand -base64 32 prints", len(key), leastSecret)
	}
	return &Webhook{way, url, key, links, way.Client()}, nil
}

// Send posts a case. Any 2xx means that the other side has it.
func (w *Webhook) Send(ctx context.Context, c handover.Case) error {
	body, err := w.links.tell(c)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type":      "application/json",
		"User-Agent":        "Tilgate",
		"Idempotency-Key":   c.ID,
		"webhook-id":        c.ID,
		"webhook-timestamp": at,
		"webhook-signature": "v1," + w.sign(c.ID, at, body),
	} {
		req.Header.Set(name, value)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("the webhook cannot be reached: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered with %d", resp.StatusCode)
	}
	return nil
}

func (w *Webhook) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, w.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Close ends its connections.
func (w *Webhook) Close() error {
	w.client.CloseIdleConnections()
	return nil
}
