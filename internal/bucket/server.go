package bucket

import (
	"cmp"
	"net"
	"net/url"
	"os"
)

// Servers gives where the object store of an address is reached, as "host:port",
// when the operator names its endpoint, in the address or as every AWS program
// takes it; none for a folder, and none for a cloud's own endpoint, which serves
// half of the web too and asks everybody for credentials.
func Servers(address string) []string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "s3" {
		return nil
	}
	query := parsed.Query()
	endpoint, err := url.Parse(cmp.Or(query.Get("endpoint"), os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL")))
	if err != nil || endpoint.Hostname() == "" {
		return nil
	}
	port := "443"
	if endpoint.Scheme == "http" {
		port = "80"
	}
	port = cmp.Or(endpoint.Port(), port)
	servers := []string{net.JoinHostPort(endpoint.Hostname(), port)}
	if net.ParseIP(endpoint.Hostname()) == nil && query.Get("use_path_style") != "true" {
		servers = append(servers, net.JoinHostPort(parsed.Host+"."+endpoint.Hostname(), port))
	}
	return servers
}
