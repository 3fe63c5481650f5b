package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/chrome"
	"darkroom/internal/isolation"
)

const installBrowser = "apt-get install chromium-headless-shell, or name a browser with --chromium PATH"

func lookAtBrowser(_ context.Context, config config) finding {
	browser, err := chrome.Find(config.Chromium)
	if err != nil {
		return fault(installBrowser, "%v", err)
	}
	text := fmt.Sprintf("%s %s at %s", browser.Product, browser.Version, browser.Path)
	if browser.Outdated() {
		return note("install the newest version",
			"%s; the program was built for version %d, and pages may know holes that were closed since", text, chrome.BuiltFor)
	}
	if !browser.Shell() {
		return note("chromium-headless-shell takes pictures with 0.6 of the processor time", "%s", text)
	}
	return fine("%s", text)
}

// userNamespaceSwitches are the places where a kernel says that the browser's
// sandbox cannot have its namespaces, and the value that says so.
func userNamespaceSwitches() map[string]string {
	return map[string]string{
		"/proc/sys/kernel/unprivileged_userns_clone":             "0",
		"/proc/sys/user/max_user_namespaces":                     "0",
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1",
	}
}

// lookAtSandbox reads what the kernel permits; whether a browser really starts
// is for takePicture to find out.
func lookAtSandbox(context.Context, config) finding {
	for path, closed := range userNamespaceSwitches() {
		content, err := os.ReadFile(path)
		if err == nil && strings.TrimSpace(string(content)) == closed {
			return note("if no picture can be taken below: sysctl -w "+sysctlName(path)+"="+opposite(closed),
				"%s is %s: unprivileged user namespaces, which the browser's sandbox needs, may be refused", path, closed)
		}
	}
	return fine("the browser's own sandbox is on")
}

// lookAtIsolation tries out what serve would do.
func lookAtIsolation(ctx context.Context, config config) finding {
	state, err := chrome.Isolation(ctx, config.Isolation)
	text := "--isolation " + string(config.Isolation)
	switch {
	case err != nil:
		return fault(browserHint(err, "darkroom doctor as the user who serves"), "%v", err)
	case state.On:
		return fine("each browser has a namespace whose only exit is its proxy (%s)", text)
	case config.Isolation == isolation.Off:
		return note("--isolation auto", "browsers reach the network by their proxy only because they are told to (%s)", text)
	}
	return note(isolation.Advice, "browsers cannot have a namespace, only their proxy and sandbox contain them (%s): %s", text, state.Reason)
}

func sysctlName(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".")
}

func opposite(closed string) string {
	if closed == "1" {
		return "0"
	}
	return "1"
}

const testPage = `<!doctype html><title>doctor</title><body style="background:#246">`

// takePicture does what the service is for, once: it serves a page on loopback
// and captures it, through the proxy and with the sandbox on.
func takePicture(ctx context.Context, config config) finding {
	if _, err := chrome.Find(config.Chromium); err != nil {
		return note("", "not tried without a browser")
	}
	started := time.Now()
	shot, err := captureTestPage(ctx, config)
	if err != nil {
		todo := browserHint(err, "install the browser anew; in a container, allow unprivileged user namespaces for its sandbox")
		return fault(todo, "no picture could be taken: %v", err)
	}
	return fine("%d×%d in %.1f s, the start of the browser included", shot.Width, shot.Height, time.Since(started).Seconds())
}

func captureTestPage(ctx context.Context, config config) (shot darkroom.Shot, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return shot, fmt.Errorf("serve a test page: %w", err)
	}
	site := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, testPage) // a cut answer fails the capture
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = site.Serve(listener) // ends with Close
	}()
	defer func() {
		err = errors.Join(err, site.Close())
		<-ended
	}()
	return captureOnce(ctx, config, "http://"+listener.Addr().String()+"/")
}

func captureOnce(ctx context.Context, config config, url string) (shot darkroom.Shot, err error) {
	config.PrivateTargets, config.EgressDeny, config.ListedOnly = "allow", nil, false
	policy, err := config.policy(nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return shot, err
	}
	folder, err := os.MkdirTemp("", "darkroom-doctor-")
	if err != nil {
		return shot, fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.Chmod(folder, 0o711); err != nil {
		return shot, fmt.Errorf("open the folder to the browser's user: %w", err)
	}
	engine, err := chrome.New(ctx, chrome.Config{
		Path: config.Chromium, RunDir: filepath.Join(folder, "run"), Policy: policy, Strict: config.StrictSites, Isolation: config.Isolation,
		Roots: config.Authorities, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return shot, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	slot, err := engine.OpenSlot(ctx)
	if err != nil {
		return shot, err
	}
	return slot.Capture(ctx, darkroom.CaptureRequest{Session: "doctor", URL: url})
}

// fontFolders are where fontconfig looks by default.
func fontFolders() []string {
	folders := []string{"/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".fonts"), filepath.Join(home, ".local/share/fonts"))
	}
	return folders
}

func lookAtFonts(context.Context, config) finding {
	fonts, emoji, asian := 0, false, false
	for _, folder := range fontFolders() {
		_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			name := strings.ToLower(filepath.Base(path))
			if err == nil && !entry.IsDir() && isFont(name) {
				fonts++
				emoji = emoji || strings.Contains(name, "emoji")
				asian = asian || strings.Contains(name, "cjk") || strings.Contains(name, "hei") || strings.Contains(name, "gothic")
			}
			return nil // what cannot be read has no fonts for us
		})
	}
	switch {
	case fonts == 0:
		return fault("apt-get install fonts-liberation fonts-noto-core fonts-noto-color-emoji fonts-noto-cjk",
			"no fonts are installed: text would be boxes or missing")
	case !emoji:
		return note("apt-get install fonts-noto-color-emoji", "%d font files, none with emoji", fonts)
	case !asian:
		return note("apt-get install fonts-noto-cjk", "%d font files, none for Chinese, Japanese and Korean", fonts)
	}
	return fine("%d font files", fonts)
}

func isFont(name string) bool {
	switch filepath.Ext(name) {
	case ".ttf", ".otf", ".ttc", ".pfb", ".woff", ".woff2":
		return true
	}
	return false
}
