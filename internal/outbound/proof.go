package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// A Proof is files, as PEM, by which an endpoint proves who it is, and we do
// (mutual TLS). The zero value leaves the first to the authorities that the
// machine trusts, and the second out.
type Proof struct {
	CA   string // certificates of those whose word counts about the endpoint
	Cert string // our certificate, and those that vouch for it
	Key  string // its private key
}

// TLS returns what makes a connection of TLS with the proof, nil for the zero
// value. Our certificate is read again for each connection, so that what renews
// it needs no restart.
func (p Proof) TLS() (*tls.Config, error) {
	if p == (Proof{}) {
		return nil, nil
	}
	if (p.Cert == "") != (p.Key == "") {
		return nil, errors.New("client_cert and client_key belong together; name both or none")
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CA != "" {
		pem, err := os.ReadFile(p.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s holds no certificate in PEM", p.CA)
		}
	}
	if p.Cert != "" {
		if _, err := p.own(nil); err != nil {
			return nil, fmt.Errorf("client_cert and client_key: %w", err)
		}
		c.GetClientCertificate = p.own
	}
	return c, nil
}

func (p Proof) own(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	return &pair, err
}

// Secure returns what TLS to a server of that name is made with; an empty name
// leaves it to whoever connects.
func (w Way) Secure(server string) *tls.Config {
	c := w.TLS.Clone()
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c.ServerName = server
	return c
}
