package egress

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func machineWith(prefixes ...string) *machine {
	return &machine{list: func() ([]net.Addr, error) {
		addrs := make([]net.Addr, 0, len(prefixes))
		for _, text := range prefixes {
			ip, network, err := net.ParseCIDR(text)
			if err != nil {
				return nil, err
			}
			addrs = append(addrs, &net.IPNet{IP: ip, Mask: network.Mask})
		}
		return addrs, nil
	}}
}

func TestMachineReadsItsInterfacesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addr := netip.MustParseAddr("8.8.8.8")
		m := machineWith("8.8.8.8/24", "fe80::1/64")
		if !m.has(addr) || m.has(netip.MustParseAddr("8.8.8.9")) {
			t.Fatal("the list of interfaces is not what decides")
		}
		m.list = func() ([]net.Addr, error) { return nil, errors.New("no netlink") }
		time.Sleep(machineTTL + time.Second)
		if !m.has(addr) {
			t.Fatal("a list that could not be read made the machine forget its addresses")
		}
		m.list = machineWith("8.8.8.9/24").list
		if m.has(addr) || !m.has(netip.MustParseAddr("8.8.8.9")) {
			t.Fatal("the list was not read again")
		}
	})
}

func TestOwnPublicAddressIsDenied(t *testing.T) {
	p := newPolicy(t, Config{})
	p.machine = machineWith("8.8.8.8/24")
	if _, err := p.Admit("http://8.8.8.8/"); Reason(err) != ReasonTarget {
		t.Errorf("own public address: %v", err)
	}
	if _, err := p.Admit("http://8.8.4.4/"); err != nil {
		t.Errorf("another public address: %v", err)
	}
	open := newPolicy(t, Config{AllowPrivate: true})
	open.machine = p.machine
	if _, err := open.Admit("http://8.8.8.8/"); err != nil {
		t.Errorf("own public address with private targets: %v", err)
	}
}
