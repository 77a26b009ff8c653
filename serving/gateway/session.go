package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// An operator's session is a cookie that only this service can read: it holds
// the key, sealed, and when it was used. So no other process need know of it,
// and a key that is taken back ends it at once. A session ends after a while in
// which nothing is asked, after a day's work, and when its operator leaves.

const (
	cookieSession = "tilgate_admin"
	sessionIdle   = 30 * time.Minute
	sessionMost   = 12 * time.Hour
	sessionRenew  = time.Minute // a cookie that is older is made anew
	mostSecret    = 2500        // bytes of a key or a token: browsers drop cookies over 4 kB
)

// A session is what the cookie holds.
type session struct {
	Key   string    `json:"k"`
	Began time.Time `json:"b"`
	Seen  time.Time `json:"s"`
	ID    string    `json:"i"`
}

// sessions seals and opens cookies, and remembers those that were ended before
// their time.
type sessions struct {
	seal cipher.AEAD

	mu    sync.Mutex
	ended map[string]time.Time // when they are over anyway
}

// newSessions makes sessions that whoever has the same secret can open; without
// a secret, this process alone.
func newSessions(secret string) *sessions {
	key := sha256.Sum256([]byte("tilgate operator's session\x00" + secret))
	if secret == "" {
		_, _ = rand.Read(key[:]) // never fails
	}
	return &sessions{seal: must(cipher.NewGCM(must(aes.NewCipher(key[:])))), ended: map[string]time.Time{}}
}

// write returns the cookie's text.
func (s *sessions) write(x session) string {
	plain, _ := json.Marshal(x) // of strings and times
	nonce := make([]byte, s.seal.NonceSize())
	_, _ = rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nonce, nonce, plain, nil))
}

// read returns the session of a cookie, if it is one that is not over.
func (s *sessions) read(text string, now time.Time) (x session, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(sealed) < s.seal.NonceSize() {
		return x, false
	}
	plain, err := s.seal.Open(nil, sealed[:s.seal.NonceSize()], sealed[s.seal.NonceSize():], nil)
	if err != nil || json.Unmarshal(plain, &x) != nil {
		return x, false
	}
	s.mu.Lock()
	_, ended := s.ended[x.ID]
	s.mu.Unlock()
	return x, !ended && now.Sub(x.Seen) < sessionIdle && now.Sub(x.Began) < sessionMost
}

// end makes sure that a session opens nothing any more.
func (s *sessions) end(x session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.ended, func(_ string, over time.Time) bool { return now.After(over) })
	s.ended[x.ID] = x.Began.Add(sessionMost)
}

var (
	errNoSession = fault.Unauthorized.Errorf("the operator's page needs a key that administers")
	errNotValid  = fault.Unauthorized.Errorf("this key is not known here, or not valid any more")
	errNoAdmin   = fault.Forbidden.Errorf("this key does not administer; tilgate key create NAME --admin makes one that does")
)

// operator says who is at the operator's page, and keeps the session alive.
func (g *Gateway) operator(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	now := time.Now()
	x, ok := g.sessions.read(string(rc.Request.Header.Cookie(cookieSession)), now)
	if !ok {
		return serving.Caller{}, errNoSession
	}
	caller, err := g.holderOf(x.Key)
	if err == nil && now.Sub(x.Seen) > sessionRenew {
		x.Seen = now
		setSession(rc, g.sessions.write(x))
	}
	return caller, err
}

// holderOf says who holds a key, if that is somebody who administers.
func (g *Gateway) holderOf(secret string) (serving.Caller, error) {
	caller, err := g.keys.Check(secret)
	switch {
	case fault.Unauthorized.Is(err):
		return caller, errNotValid // the API's error speaks of headers
	case err != nil:
		return caller, err
	case !caller.Administers():
		return caller, errNoAdmin
	}
	return caller, nil
}

// login answers POST /admin/login.
func (g *Gateway) login(rc *fasthttp.RequestCtx) error {
	secret := strings.TrimSpace(string(rc.PostArgs().Peek("key")))
	if len(secret) > mostSecret {
		return g.door(rc, fault.Invalid.Errorf("a key has at most %d bytes", mostSecret))
	}
	caller, err := g.holderOf(secret)
	if err != nil {
		return g.door(rc, err)
	}
	now := time.Now().UTC()
	setSession(rc, g.sessions.write(session{Key: secret, Began: now, Seen: now, ID: rand.Text()}))
	g.log.Info("an operator came", "caller", caller.Name)
	goConsole(rc)
	return nil
}

// logout answers POST /admin/logout.
func (g *Gateway) logout(rc *fasthttp.RequestCtx) error {
	now := time.Now()
	if x, ok := g.sessions.read(string(rc.Request.Header.Cookie(cookieSession)), now); ok {
		g.sessions.end(x, now)
	}
	setSession(rc, "")
	goConsole(rc)
	return nil
}

func goConsole(rc *fasthttp.RequestCtx) {
	writeSheet(rc, Sheet{Next: consoleHome, Status: http.StatusSeeOther})
}

// setSession sets the cookie until the browser is closed; an empty one deletes
// it.
func setSession(rc *fasthttp.RequestCtx, value string) {
	var c fasthttp.Cookie
	c.SetKey(cookieSession)
	c.SetValue(value)
	c.SetPath(consoleHome)
	c.SetHTTPOnly(true)
	c.SetSameSite(fasthttp.CookieSameSiteStrictMode)
	c.SetSecure(isSecure(rc))
	if value == "" {
		c.SetExpire(fasthttp.CookieExpireDelete)
	}
	rc.Response.Header.SetCookie(&c)
}
