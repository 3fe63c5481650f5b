package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// credential is what the command line needs to use a server.
type credential struct {
	URL  string `json:"url"`
	Key  string `json:"key"`
	Data string `json:"data"` // the server's data folder; "" = it was logged in to, perhaps elsewhere
}

// credentials is the file $XDG_CONFIG_HOME/darkroom/credentials, for its owner
// only. The server that was started or logged in to last comes first.
type credentials struct {
	path    string
	Servers []credential `json:"servers"`
}

// readCredentials gives an empty list when there is no file, and none can be
// saved when there is no place for one.
func readCredentials(env environment) (credentials, error) {
	folder := env.configFolder()
	if folder == "" {
		return credentials{}, nil
	}
	known := credentials{path: filepath.Join(folder, "credentials")}
	content, err := os.ReadFile(known.path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return known, fmt.Errorf("read the credentials: %w", err)
	}
	if err := json.Unmarshal(content, &known); err != nil {
		return known, fmt.Errorf("read %s: %w", known.path, err)
	}
	return known, nil
}

func (c credentials) ofData(folder string) (credential, bool) {
	return c.find(func(known credential) bool { return known.Data == folder })
}

func (c credentials) ofURL(url string) (credential, bool) {
	url = strings.TrimRight(url, "/")
	return c.find(func(known credential) bool { return known.URL == url })
}

func (c credentials) find(match func(credential) bool) (credential, bool) {
	i := slices.IndexFunc(c.Servers, match)
	if i < 0 {
		return credential{}, false
	}
	return c.Servers[i], true
}

// remember puts a server first, in place of what was known of its data folder
// or of its address.
// It returns where that was written, "" when there is no place for it.
func (c credentials) remember(fresh credential) (string, error) {
	if c.path == "" {
		return "", nil
	}
	others := slices.DeleteFunc(slices.Clone(c.Servers), func(known credential) bool {
		return known.Data == fresh.Data && known.Data != "" || known.URL == fresh.URL
	})
	c.Servers = append([]credential{fresh}, others...)
	return c.path, c.write()
}

func (c credentials) write() error {
	content, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	return replaceFile(c.path, append(content, '\n'))
}
