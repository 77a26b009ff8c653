package main

import (
	"fmt"
	"net/netip"
)

// proxies reads whose word about where a request comes from is taken: networks
// such as 10.0.0.0/8, and single addresses.
func (c Config) proxies() (list []netip.Prefix, faults []error) {
	for _, text := range c.Proxies {
		p, err := netip.ParsePrefix(text)
		if a, wrong := netip.ParseAddr(text); wrong == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("proxies: %q is no network such as 10.0.0.0/8, nor an address", text))
		case p.Bits() == 0:
			faults = append(faults, fmt.Errorf("proxies: %q is everybody; name the proxies that stand in front of this service", text))
		case p.Addr().Is4In6():
			faults = append(faults, fmt.Errorf("proxies: write %q as an IPv4 network", text))
		case p != p.Masked():
			faults = append(faults, fmt.Errorf("proxies: %q has bits beyond its length; %s is that network", text, p.Masked()))
		}
		list = append(list, p)
	}
	return list, faults
}
