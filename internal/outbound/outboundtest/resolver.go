// Package outboundtest has names for tests that no real resolver knows.
package outboundtest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// Resolver returns a resolver that knows these names, which end in a dot, with
// one address each, and says of others that they do not exist. It asks no
// network.
func Resolver(names map[string]string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go serve(theirs, names)
		return ours, nil
	}}
}

// serve answers questions as DNS does over TCP, each after its length, until
// the other end closes.
func serve(conn net.Conn, names map[string]string) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer, err := reply(question, names)
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func reply(question []byte, names map[string]string) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	q := m.Questions[0]
	address, ok := names[q.Name.String()]
	if !ok {
		m.RCode = dnsmessage.RCodeNameError
		return m.Pack()
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return nil, err
	}
	var body dnsmessage.ResourceBody
	switch {
	case q.Type == dnsmessage.TypeA && ip.Is4():
		body = &dnsmessage.AResource{A: ip.As4()}
	case q.Type == dnsmessage.TypeAAAA && ip.Is6():
		body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
	default:
		return m.Pack() // the name is there, without an address of this kind
	}
	m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: body}}
	return m.Pack()
}
