package outbound

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An authority vouches for certificates, and writes them into a folder.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.issue(t, "ca", true)
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name+".pem") }

// issue writes name.pem and name-key.pem.
func (a *authority) issue(t *testing.T, name string, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: isCA, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	parent, by := c, key
	if a.cert != nil {
		parent, by = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{a.path(name): {Type: "CERTIFICATE", Bytes: der}, a.path(name + "-key"): {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// server answers those whom the authority vouches for, with their name.
func (a *authority) server(t *testing.T) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(a.path("server"), a.path("server-key"))
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AddCert(a.cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.TLS.PeerCertificates[0].Subject.CommonName))
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func ask(t *testing.T, p Proof, url string) (string, error) {
	t.Helper()
	c, err := p.TLS()
	if err != nil {
		t.Fatal(err)
	}
	client := Way{TLS: c}.Client()
	defer client.CloseIdleConnections()
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var name [32]byte
	n, _ := resp.Body.Read(name[:])
	return string(name[:n]), nil
}

func TestMutualTLS(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	a.issue(t, "server", false)
	a.issue(t, "gateway", false)
	other.issue(t, "stranger", false)
	url := a.server(t)
	ours := Proof{CA: a.path("ca"), Cert: a.path("gateway"), Key: a.path("gateway-key")}
	if name, err := ask(t, ours, url); name != "gateway" || err != nil {
		t.Errorf("with a certificate: %q, %v", name, err)
	}
	for what, p := range map[string]Proof{
		"nothing":                           {},
		"no certificate of our own":         {CA: a.path("ca")},
		"a certificate of a stranger":       {CA: a.path("ca"), Cert: other.path("stranger"), Key: other.path("stranger-key")},
		"a server that others vouch for":    {CA: other.path("ca"), Cert: a.path("gateway"), Key: a.path("gateway-key")},
		"a server that the machine trusts?": {Cert: a.path("gateway"), Key: a.path("gateway-key")},
	} {
		if name, err := ask(t, p, url); err == nil {
			t.Errorf("%s: it is let in as %q", what, name)
		}
	}
	// What renews the certificate needs no restart.
	c, err := ours.TLS()
	if err != nil {
		t.Fatal(err)
	}
	a.issue(t, "renewed", false)
	for from, to := range map[string]string{"renewed": "gateway", "renewed-key": "gateway-key"} {
		if err := os.Rename(a.path(from), a.path(to)); err != nil {
			t.Fatal(err)
		}
	}
	client := Way{TLS: c}.Client()
	defer client.CloseIdleConnections()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	name := make([]byte, 32)
	if n, _ := resp.Body.Read(name); string(name[:n]) != "renewed" {
		t.Errorf("after a renewal it is let in as %q", name[:n])
	}
}

func TestProofFaults(t *testing.T) {
	a := newAuthority(t)
	empty := a.path("empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]Proof{
		"belong together":         {Cert: a.path("ca")},
		"no such file":            {CA: a.path("none")},
		"holds no certificate":    {CA: empty},
		"client_cert and client_": {Cert: a.path("ca"), Key: empty},
	} {
		if _, err := p.TLS(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", p, err, want)
		}
	}
}
