package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"

	"darkroom/internal/api"
)

// front is the reverse proxy that the settings describe.
func (known settings) front() api.Front {
	front := api.Front{PublicURL: strings.TrimRight(known.text("public-url"), "/"), PathPrefix: known.text("path-prefix")}
	for _, word := range known.list("trusted-proxies") {
		network, _ := parseProxy(word) // refused before when malformed
		front.Trusted = append(front.Trusted, network)
	}
	return front
}

func checkPublicURL(text string) error {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" {
		return fmt.Errorf("%q is not an address such as https://shots.example.com", text)
	}
	if address.RawQuery != "" || address.Fragment != "" || address.User != nil {
		return errors.New("it may have no query, no fragment and no password")
	}
	return nil
}

func checkPathPrefix(text string) error {
	if text == "/" || !strings.HasPrefix(text, "/") || path.Clean(text) != text || strings.ContainsAny(text, "%?# ") {
		return fmt.Errorf("%q is not a path such as /shots: with a slash at its beginning and none at its end", text)
	}
	return nil
}

func checkProxies(text string) error {
	for _, word := range words(text) {
		if _, err := parseProxy(word); err != nil {
			return fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", word)
		}
	}
	return nil
}

// parseProxy reads a network, or an address as the network that has only it.
func parseProxy(word string) (netip.Prefix, error) {
	word = strings.TrimSpace(word)
	if network, err := netip.ParsePrefix(word); err == nil {
		return network.Masked(), nil
	}
	address, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}
