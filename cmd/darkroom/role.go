package main

import (
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
)

// The roles of a process.
const (
	roleAll    = "all"
	roleAPI    = "api"    // no browser, no slots
	roleWorker = "worker" // no route but those that tell how it is
)

// takesPictures reports whether this process has browsers.
func (c config) takesPictures() bool { return c.Role != roleAPI }

// embedded reports whether this process is the only one on its rows.
func (c config) embedded() bool { return c.DatabaseURL == "" }

func checkDatabaseURL(text string) error {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "postgres" && address.Scheme != "postgresql" {
		return errors.New("it is not a URL such as postgres://user@host/name") // the text may hold a password
	}
	return nil
}

// checkBucketURL refuses credentials in it: arguments of a process can be read.
func checkBucketURL(text string) error {
	address, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("it is not a URL such as file:///absolute/folder or s3://bucket?region=eu-central-1")
	case address.User != nil:
		return errors.New("credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the machine's role")
	case strings.HasPrefix(text, "file:///"), address.Scheme == "s3" && address.Host != "":
		return nil
	}
	return errors.New("it must be file:///absolute/folder or s3://bucket?region=…")
}

// withoutPassword keeps the password of a URL from whoever looks.
func withoutPassword(text string) string {
	address, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	query := address.Query()
	for name := range query {
		if strings.Contains(name, "password") {
			query.Set(name, "xxxxx")
			address.RawQuery = query.Encode()
		}
	}
	return address.Redacted()
}

// secretKey is what seals secrets in rows: that of the environment, else that of
// the folder.
func (c config) secretKey(folder *dataFolder) (key [32]byte, err error) {
	if c.SecretKey == "" {
		return folder.SecretKey()
	}
	raw, err := hex.DecodeString(strings.TrimSpace(c.SecretKey))
	if err != nil || len(raw) != len(key) {
		return key, usage("DARKROOM_SECRET_KEY must be 64 hexadecimal digits, such as `openssl rand -hex 32` gives")
	}
	return [32]byte(raw), nil
}
