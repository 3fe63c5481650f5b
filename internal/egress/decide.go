package egress

import (
	"fmt"
	"net/netip"
)

// decidePort looks at the port alone. target is for the hint.
func (p *Policy) decidePort(target target) *denial {
	switch {
	case isUnsafePort(target.port):
		return &denial{ReasonPort, "on a port that every browser refuses", "Serve it on another port", false}
	case p.deny.hasPort(target.port):
		return &denial{ReasonPort, "on a port that the operator refuses", "It is refused by --egress-deny", false}
	case isCommandPort(target.port) && !p.opensPort(target):
		return &denial{ReasonPort, "on a port where no web server is expected", permit(false, target.String()), false}
	}
	return nil
}

// opensPort reports whether an Allow rule names this target with its port.
func (p *Policy) opensPort(target target) bool {
	for _, r := range p.allow {
		one := rules{r}
		if r.port == target.port && (one.hasHost(target.host, target.port) || one.hasAddr(target.literal(), target.port)) {
			return true
		}
	}
	return false
}

// decideName looks at a host name before it is looked up.
func (p *Policy) decideName(target target) *denial {
	name := plainName(target.host)
	switch {
	case p.deny.hasHost(name, target.port):
		return &denial{ReasonTarget, "a host that the operator refuses", "It is refused by --egress-deny", false}
	case isMetadataName(name) && !p.allow.namesHost(name, target.port):
		return &denial{ReasonTarget, "the name of a metadata service", permit(false, name), false}
	case p.allow.hasHost(name, target.port):
		return nil
	case p.listedOnly && !p.allow.hasRange(target.port):
		return &denial{ReasonTarget, "not among the targets that the operator has listed", permit(false, name), false}
	case isLocalName(name) && !p.allowPrivate:
		return &denial{ReasonTarget, "a name of the local machine or network", permit(true, name), false}
	}
	return nil
}

// decideAddr looks at an address, and at every IPv4 address that a gateway may
// make of it. host is the name that led there, or the address itself.
func (p *Policy) decideAddr(target target, addr netip.Addr) *denial {
	if addr.Zone() != "" {
		return &denial{ReasonTarget, "an address on one link only", "Use an address without a zone", false}
	}
	addr = addr.Unmap()
	if found := p.decideOne(target, addr); found != nil {
		return found
	}
	for _, inner := range embedded(addr) {
		if found := p.decideOne(target, inner); found != nil {
			return found
		}
	}
	return nil
}

func (p *Policy) decideOne(target target, addr netip.Addr) *denial {
	port := target.port
	switch {
	case p.deny.hasAddr(addr, port):
		return &denial{ReasonTarget, "an address that the operator refuses", "It is refused by --egress-deny", false}
	case p.isSelf(addr, port) && !p.allow.names(addr, port, true):
		own := netip.AddrPortFrom(addr, port).String()
		return &denial{ReasonTarget, "an address of this service itself", permit(false, own), true}
	case isMetadata(addr) && !p.allow.names(addr, port, false):
		return &denial{ReasonTarget, "the address of a metadata service", permit(false, addr.String()), true}
	case p.allow.hasHost(target.host, port), p.allow.hasAddr(addr, port):
		return nil
	case p.listedOnly:
		return &denial{ReasonTarget, "not among the targets that the operator has listed", permit(false, target.host), false}
	}
	return p.decideClass(target, addr)
}

// decideClass denies what is not public. The address of an own interface is
// public to others but not to us: a firewall does not stand between.
func (p *Policy) decideClass(target target, addr netip.Addr) *denial {
	found, special := classify(addr)
	switch {
	case special && found.private && p.allowPrivate:
		return nil
	case special && found.prefix.IsValid():
		return &denial{ReasonTarget, fmt.Sprintf("%s (%s)", found.what, found.prefix), permit(found.private, target.host), false}
	case special:
		return &denial{ReasonTarget, found.what, permit(false, target.host), false}
	case !p.allowPrivate && p.machine.has(addr):
		return &denial{ReasonTarget, "an address of this machine", permit(true, target.host), false}
	}
	return nil
}
