package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// certify writes a certificate of a name and its key.
func certify(t *testing.T, c TLSConfig, name string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: until.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, c.Key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	write(t, c.Cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func TestCertificateFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	c := TLSConfig{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	next := time.Now().AddDate(0, 1, 0)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := c.secure(ctx, plain, 20*time.Millisecond, prometheus.NewRegistry(), slog.Default()); err == nil || !strings.Contains(err.Error(), "cert.pem") {
		t.Errorf("without files: %v", err)
	}
	certify(t, c, "old.example", time.Now().AddDate(0, 0, -1))
	if _, err := c.secure(ctx, plain, 20*time.Millisecond, prometheus.NewRegistry(), slog.Default()); err == nil || !strings.Contains(err.Error(), "ended on") {
		t.Errorf("a certificate of the past: %v", err)
	}
	certify(t, c, "a.example", next)
	log := &output{}
	ln, err := c.secure(ctx, plain, 20*time.Millisecond, prometheus.NewRegistry(), slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for conn, err := ln.Accept(); err == nil; conn, err = ln.Accept() {
			go conn.(*tls.Conn).Handshake()
		}
	}()
	shows := func() string {
		conn, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := shows(); got != "a.example" {
		t.Errorf("it shows %s", got)
	}
	write(t, c.Cert, "half a certif")
	eventually(t, func() bool { return strings.Contains(log.String(), "the one in force stays") })
	if got := shows(); got != "a.example" {
		t.Errorf("with half a certificate it shows %s", got)
	}
	certify(t, c, "renewed.example", next)
	eventually(t, func() bool { return shows() == "renewed.example" })
}
