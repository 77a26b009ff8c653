package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
)

const healthWait = 4 * time.Second

func (p *program) healthCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{Use: "health", Short: "Tell by the exit code whether the service on this machine is ready",
		Long: `Tell whether the service of a configuration, on this machine, is ready: the exit
code is 0 if it is, also while it has to answer without documents, and 1 if
not. It is for containers, which have no other
program to ask with. tilgate doctor says what is wrong.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readConfig(path, p.getenv)
			if err != nil {
				return err
			}
			return p.health(cmd.Context(), c)
		}}
	p.configFlag(cmd, &path)
	return cmd
}

// health asks over loopback where the service listens on all addresses.
func (p *program) health(ctx context.Context, c Config) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	at := net.JoinHostPort(host, port)
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	scheme, way := "http", outbound.Way{What: "service", Address: at}
	if c.TLS.Cert != "" {
		scheme = "https"
		way.TLS = &tls.Config{InsecureSkipVerify: true} // its certificate is for the name by which others know it, and nothing is told it
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+at+"/readyz", nil)
	if err != nil {
		return err
	}
	client := way.Client()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return fault.Unavailable.Wrap(err, "the service at "+at+" does not answer")
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // for people; the code counts
	if resp.StatusCode != http.StatusOK {
		return fault.Unavailable.Errorf("the service at %s is not ready: %s", at, said)
	}
	var state struct{ Message string } // without one nothing is lacking
	_ = json.Unmarshal(said, &state)
	lacking := ""
	if state.Message != "" {
		lacking = ", and degraded: " + state.Message
	}
	_, err = fmt.Fprintf(p.out, "the service at %s is ready%s\n", at, lacking)
	return err
}
