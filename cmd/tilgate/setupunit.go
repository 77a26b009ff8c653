package main

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"tilgate/rag/sources"
)

var userName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,30}$`)

// Folders that the unit does not let the service see as they are.
var (
	hidden = []string{"/home", "/root", "/run/user"} // by ProtectHome
	gone   = []string{"/tmp", "/var/tmp"}            // by PrivateTmp
)

func within(path string, folders []string) bool {
	for _, dir := range folders {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

// unitText writes the unit for systemd. It runs as a user of its own, not as one
// that systemd makes up for the time: commands such as tilgate key create have
// to write as that user while the service runs.
func unitText(s setting, c Config) (string, error) {
	if !userName.MatchString(s.user) || s.user == "root" {
		return "", fmt.Errorf("--user: %q is no user for a service; use small letters, and not root", s.user)
	}
	if within(s.binary, append(hidden, append(gone, "/media", "/mnt", "/run")...)) {
		return "", fmt.Errorf("the service cannot run %s there: first install -m 755 %[1]s /usr/local/bin/tilgate, then run that (or --no-service)", s.binary)
	}
	for _, path := range append([]string{s.config, s.data, c.Adapters, c.TLS.Cert, c.TLS.Key}, s.documents()...) {
		if within(path, gone) {
			return "", fmt.Errorf("%s: a service does not see what lies in /tmp; choose another folder", path)
		}
	}
	if within(s.data, hidden) || within(s.config, hidden) {
		return "", fmt.Errorf("a service does not see %s; choose folders outside of /home and /root", strings.Join(hidden, ", "))
	}
	b := &commented{}
	b.line("# Written by tilgate setup. After a change: systemctl daemon-reload")
	b.line("[Unit]\nDescription=Tilgate, answers in local languages\nWants=network-online.target\nAfter=network-online.target ollama.service\nStartLimitIntervalSec=0\n")
	b.line("[Service]\nType=exec")
	b.line("ExecStart=%s serve --config %s", word(s.binary), word(s.config))
	b.line("User=%s\nGroup=%[1]s", s.user)
	b.line("# Secrets such as TILGATE_OPENAI_KEY=…; a file that only root reads.")
	b.line("EnvironmentFile=-%s", percents(filepath.Join(filepath.Dir(s.config), "secrets.env"))) // which knows no quotes
	b.line("Restart=on-failure\nRestartSec=5\n# Answers on their way have 20 s to end.\nTimeoutStopSec=40\nLimitNOFILE=65536\nUMask=0077\nMemoryMax=%dM\n", s.memoryMax(c)>>20)
	b.line("# Only its own folder is written.")
	if name, ok := strings.CutPrefix(s.data, "/var/lib/"); ok && name != "" {
		b.line("StateDirectory=%s\nStateDirectoryMode=0700", word(name))
	} else {
		b.line("ReadWritePaths=%s", word(s.data))
	}
	b.line("ProtectSystem=strict\nPrivateTmp=yes\nPrivateDevices=yes\nDevicePolicy=closed")
	b.home(s, c)
	port, bind := lowPort(c.Listen)
	if bind {
		b.line("# Port %d is for root, and for who has this.\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE", port)
	} else {
		b.line("CapabilityBoundingSet=\nAmbientCapabilities=\nPrivateUsers=yes")
	}
	b.WriteString(hardening)
	b.line("\n[Install]\nWantedBy=multi-user.target")
	return b.String(), nil
}

// hardening is what takes from the service what it does not need. Not
// MemoryDenyWriteExecute: readers of PDF files run as WebAssembly, which is
// compiled.
const hardening = `NoNewPrivileges=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
`

// home hides what people have in their own folders, but for documents.
func (b *commented) home(s setting, c Config) {
	var shown []string
	for _, path := range append(s.documents(), c.Adapters, c.TLS.Cert, c.TLS.Key) {
		if within(path, hidden) {
			shown = append(shown, word(path))
		}
	}
	if len(shown) == 0 {
		b.line("ProtectHome=yes")
		return
	}
	b.line("ProtectHome=tmpfs\nBindReadOnlyPaths=%s", strings.Join(shown, " "))
}

// documents returns where the documents lie.
func (s setting) documents() (paths []string) {
	for _, path := range s.knowledge {
		_ = absolute(&path) // which failed before if it does
		paths = append(paths, path)
		m, err := sources.ReadManifest(path)
		for i := 0; err == nil && i < len(m.Sources); i++ {
			if m.Sources[i].Path != "" {
				paths = append(paths, m.Place(m.Sources[i].Path))
			}
		}
	}
	return paths
}

// percents writes a path for a unit, in which % begins a specifier.
func percents(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// word writes a path as one word of a unit.
func word(path string) string {
	path = percents(path)
	if !strings.ContainsAny(path, " \t\"'\\;$") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `$$`).Replace(path) + `"`
}

// lowPort returns the port of an address, and whether it is one for root.
func lowPort(address string) (port int, low bool) {
	_, text, _ := net.SplitHostPort(address)
	port, err := strconv.Atoi(text)
	return port, err == nil && port > 0 && port < 1024
}

// memoryMax is how much memory the service may take: half of the machine's, a
// quarter where a model server shares it, 1 GiB at least.
func (s setting) memoryMax(c Config) int64 {
	share := s.memory / 2
	for _, b := range c.backends() {
		if b.isHere() {
			share = s.memory / 4
		}
	}
	return max(share, 1<<30)
}
