package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// peers are the programs that others would use, each with the very browser
// that we use.
func (b *bench) peers() []contender {
	all := []struct {
		name string
		args []string
	}{
		{"puppeteer-core, tabs reused", []string{"puppeteer.mjs"}},
		{"puppeteer-cluster, a tab per page", []string{"cluster.mjs", "page"}},
		{"puppeteer-cluster, a context per page", []string{"cluster.mjs", "context"}},
		{"playwright-core, tabs reused", []string{"playwright.mjs", "reused"}},
		{"playwright-core, a context per page", []string{"playwright.mjs", "context"}},
	}
	var peers []contender
	for _, one := range all {
		peers = append(peers, contender{
			name: one.name, kind: peer, tabs: b.set.tabs,
			take: func(ctx context.Context, t task) (round, error) { return b.peerRound(ctx, one.args, t) },
		})
	}
	return peers
}

// peerFlags keep a peer's browser from talking to anyone but the corpus, as
// ours does not, and give it the software compositor, which is faster where
// there is no GPU. All else is as the peer chooses. No flag for features is
// here: it would replace the peer's own.
func peerFlags() []string {
	return []string{
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.*",
		"--dns-prefetch-disable", "--disable-quic", "--no-pings", "--disable-domain-reliability",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-client-side-phishing-detection", "--disable-breakpad", "--disable-crash-reporter",
		"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
		"--no-first-run", "--disable-extensions", "--disable-gpu", "--force-color-profile=srgb", "--hide-scrollbars", "--mute-audio",
	}
}

func (b *bench) peerRound(ctx context.Context, args []string, t task) (round, error) {
	drivers, err := b.peerFolder()
	if err != nil {
		return round{}, err
	}
	home, err := os.MkdirTemp(b.dir, "peer-")
	if err != nil {
		return round{}, err
	}
	defer os.RemoveAll(home)
	cmd := patient(exec.CommandContext(ctx, "node", args...))
	cmd.Dir, cmd.SysProcAttr = drivers, b.user.attributes()
	if cmd.Env, err = b.user.environment(home); err != nil {
		return round{}, err
	}
	return drive(ctx, cmd, b.driverTask(t))
}

// peerFolder is a copy of the drivers and their libraries where the browsers'
// user can read it; a checkout may lie in somebody's home.
func (b *bench) peerFolder() (string, error) {
	folder := filepath.Join(b.dir, "drivers")
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if _, err := os.Stat(filepath.Join(b.set.peers, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the peers are not installed in %s: run scripts/setup bench", b.set.peers)
	}
	if err := os.CopyFS(folder, os.DirFS(b.set.peers)); err != nil {
		return "", fmt.Errorf("copy the peers: %w", err)
	}
	return folder, nil
}
