package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
)

// asUser is a command line as the user that the service runs as: what it writes
// has to belong to that user.
func (s setting) asUser(command string) string {
	if s.unit == "" {
		return command
	}
	return "sudo -u " + s.user + " " + command
}

// nextSteps says how to begin.
func (p *program) nextSteps(s setting, c Config) error {
	var b strings.Builder
	self := "tilgate"
	if s.installs() && s.binary != programHere {
		self = s.binary
	}
	step := func(command string) { fmt.Fprintf(&b, "  %s\n", command) }
	b.WriteString("\nNext:\n\n")
	if s.unit == "" {
		step(self + " doctor --config " + s.config)
		step(self + " serve --config " + s.config)
	} else {
		if uid, _ := idsOf(s.user); uid < 0 {
			step(fmt.Sprintf("useradd --system --user-group --home-dir %s --no-create-home --shell /usr/sbin/nologin %s", s.data, s.user))
			if !strings.HasPrefix(s.data, "/var/lib/") {
				step(fmt.Sprintf("chown -R %s: %s", s.user, s.data))
			}
		}
		step("systemctl daemon-reload")
		step("systemctl enable --now " + unitName(s.unit))
		step(self + " doctor --config " + s.config)
	}
	fmt.Fprintf(&b, "\nThen ask on %s, with the key. Documents are read as soon as it serves.\n", pageAddress(c))
	fmt.Fprintf(&b, "To take all of this back: tilgate setup --undo --config %s\n", s.config)
	_, err := p.out.Write([]byte(b.String()))
	return err
}

// pageAddress is where people find the page, as far as the configuration knows.
func pageAddress(c Config) string {
	scheme := "http"
	if c.TLS.Cert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(c.Listen)
	switch {
	case len(c.Hosts) > 0:
		host = c.Hosts[0]
	case host == "" || host == "0.0.0.0" || host == "::":
		host = "ADDRESS-OF-THIS-MACHINE"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/"
}

func unitName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".service") }
