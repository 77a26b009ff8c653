package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/outbound"
)

// checkPorts tells whether the addresses are free, or Tilgate's own.
func checkPorts(d *patient) (list []finding) {
	for _, at := range []struct{ key, address string }{{"listen", d.c.Listen}, {"metrics", d.c.Metrics}, {"admin", d.c.Admin}} {
		if at.address != "" {
			list = append(list, d.port(at.key, at.address))
		}
	}
	return list
}

func (d *patient) port(key, address string) finding {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "0" {
		return oks("%s %s: a free one is taken", key, address)
	}
	dial := host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		dial = "localhost"
	}
	at, stop := context.WithTimeout(d.ctx, time.Second)
	defer stop()
	if conn, err := wayToOwn(net.JoinHostPort(dial, port)).DialContext(at, "tcp", net.JoinHostPort(dial, port)); err == nil {
		conn.Close()
		if d.isTilgate(net.JoinHostPort(dial, port)) {
			return oks("%s %s: Tilgate answers there", key, address)
		}
		return fail("stop that program, or choose another address with "+key, "%s %s is taken by another program", key, address)
	}
	ln, err := net.Listen("tcp", address) // for an instant, as nobody has it
	switch {
	case err == nil:
		ln.Close()
		return oks("%s %s is free", key, address)
	case errors.Is(err, syscall.EACCES):
		return fail("let systemd give it (tilgate setup writes such a unit), or choose one from 1024 on", "%s %s: ports below 1024 are for root", key, address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fail("choose an address of this machine (ip address shows them), or 0.0.0.0", "%s %s: this machine has no such address", key, address)
	}
	return fail("choose another address with "+key, "%s %s: %v", key, address, err)
}

// wayToOwn leads to an address of this machine, which may be a public one. What
// answers there is asked for no more than its name.
func wayToOwn(address string) outbound.Way {
	return outbound.Way{What: "program at " + address, Address: address, Public: true, TLS: &tls.Config{InsecureSkipVerify: true}}
}

// isTilgate asks what listens at an address of this machine whether it is
// Tilgate: the API, or its metrics.
func (d *patient) isTilgate(address string) bool {
	client := wayToOwn(address).Client()
	client.Timeout = d.patient
	defer client.CloseIdleConnections()
	for _, url := range []string{"http://" + address + "/openapi.json", "https://" + address + "/openapi.json", "http://" + address + "/metrics"} {
		req, err := http.NewRequestWithContext(d.ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		resp, err := client.Do(req)
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
		resp.Body.Close()
		if resp.StatusCode == 200 && strings.Contains(strings.ToLower(string(text)), "tilgate") {
			return true
		}
	}
	return false
}

// checkNetwork tells of addresses that others reach unguarded, or not at all.
func checkNetwork(d *patient) (list []finding) {
	c := d.c
	if isLoopback(c.Listen) {
		if len(c.Hosts) > 0 && len(c.Proxies) == 0 {
			list = append(list, warn("name the proxy in front under proxies, such as 127.0.0.1, so that limits go by where people are", "%s is served on this machine alone", join(c.Hosts)))
		}
		if list == nil {
			list = append(list, oks("served on this machine alone"))
		}
		return list
	}
	if c.TLS.Cert == "" && len(c.Proxies) == 0 {
		list = append(list, warn("set [tls], or put a proxy with HTTPS in front and name it under proxies", "on %s keys and questions cross the network for all to read", c.Listen))
	}
	if len(c.Hosts) == 0 {
		list = append(list, warn("name under hosts what people type", "it answers to its address alone; requests to any name are refused"))
	}
	if list == nil {
		list = append(list, oks("served on %s to %s", c.Listen, join(c.Hosts)))
	}
	return list
}

// fewFiles is what a service with some hundred readers needs.
const fewFiles = 4096

func checkOpenFiles(d *patient) []finding {
	switch n := d.limit(); {
	case n == 0:
		return nil
	case n < fewFiles:
		return []finding{warn("raise it: LimitNOFILE=65536 in the unit, or ulimit -n", "only %d files and connections may be open at once", n)}
	default:
		return []finding{oks("%d may be open at once", n)}
	}
}

// checkUnit tells how systemd has the service.
func checkUnit(d *patient) []finding {
	if _, err := fs.Stat(d.root, strings.TrimPrefix(systemdRuns, "/")); err != nil {
		return nil
	}
	out, err := d.command("systemctl", "show", d.unit, "--property=LoadState,ActiveState,UnitFileState,NeedDaemonReload,ExecStart,User")
	if err != nil {
		return nil // it does not let us ask
	}
	has := map[string]string{}
	for l := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(l), "=")
		has[key] = value
	}
	return d.judgeUnit(has)
}

func (d *patient) judgeUnit(has map[string]string) (list []finding) {
	name := d.unit
	switch {
	case has["LoadState"] == "not-found":
		return []finding{oks("no unit %s; tilgate setup writes one", name)}
	case has["LoadState"] != "loaded":
		return []finding{fail("systemd-analyze verify "+name+".service says why", "systemd does not load the unit %s (%s)", name, has["LoadState"])}
	}
	if has["ActiveState"] == "failed" {
		list = append(list, fail("journalctl -u "+name+" says why; then systemctl restart "+name, "%s has failed", name))
	}
	if has["NeedDaemonReload"] == "yes" {
		list = append(list, warn("systemctl daemon-reload && systemctl restart "+name, "the unit %s was changed and is not in force", name))
	}
	if d.path != "" && has["ExecStart"] != "" && !strings.Contains(has["ExecStart"], d.path) {
		list = append(list, warn("give doctor the configuration that the unit names with --config", "%s does not serve from %s", name, d.path))
	}
	if has["UnitFileState"] == "disabled" {
		list = append(list, warn("systemctl enable "+name, "%s does not start with the machine", name))
	}
	if has["ActiveState"] == "inactive" {
		list = append(list, warn("systemctl start "+name, "%s does not run", name))
	}
	if info, err := os.Stat(d.c.Data); err == nil && d.wrong == nil && has["User"] != "" && has["ActiveState"] == "active" && userOf(ownerOf(info)) != has["User"] {
		list = append(list, fail("chown -R "+has["User"]+": "+d.c.Data, "%s runs as %s, and %s belongs to %s", name, has["User"], d.c.Data, userOf(ownerOf(info))))
	}
	if list == nil {
		list = append(list, oks("%s is %s", name, has["ActiveState"]))
	}
	return list
}

// A letter of each script that fonts may lack.
var letters = map[lang.Script]rune{"Arab": 'ع', "Armn": 'Ա', "Beng": 'ক', "Cyrl": 'Ж', "Deva": 'क', "Ethi": 'ሀ', "Geor": 'ა', "Grek": 'Ω', "Gujr": 'ક', "Guru": 'ਕ',
	"Hans": '国', "Hant": '國', "Hebr": 'א', "Jpan": 'あ', "Khmr": 'ក', "Knda": 'ಕ', "Kore": '한', "Hang": '한', "Laoo": 'ກ', "Latn": 'a', "Mlym": 'ക', "Mong": 'ᠠ', "Mymr": 'က',
	"Orya": 'କ', "Sinh": 'ක', "Taml": 'க', "Telu": 'క', "Thai": 'ก', "Tibt": 'ཀ', "Tfng": 'ⴰ'}

// checkFonts tells which scripts this machine has no font for. Pages are shown
// with the fonts of their readers; this is about browsers here.
func checkFonts(d *patient) []finding {
	set, err := openAdapters(d.c)
	if err != nil {
		return nil // which is said under languages
	}
	var missing []string
	seen := map[lang.Script]bool{}
	for _, a := range set.Adapters() {
		for _, s := range a.Scripts[:min(1, len(a.Scripts))] {
			letter, known := letters[s]
			if seen[s] || !known {
				continue
			}
			seen[s] = true
			out, err := d.command("fc-list", fmt.Sprintf(":charset=%x", letter), "family")
			if err != nil {
				return nil // no fontconfig: a machine without a screen
			}
			if strings.TrimSpace(out) == "" {
				missing = append(missing, string(s))
			}
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return []finding{warn("install fonts-noto-core, if people read pages on this machine", "no font here writes %s", strings.Join(missing, ", "))}
	}
	return []finding{oks("there is a font for each of %d scripts", len(seen))}
}
