package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// screen is what a program has written to a terminal so far.
type screen struct {
	terminal *os.File // the program's side

	mu   sync.Mutex
	text bytes.Buffer
}

// openScreen makes a pseudo-terminal.
func openScreen(t *testing.T) *screen {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		t.Fatal(err)
	}
	s := &screen{terminal: terminal}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.follow(master)
	}()
	t.Cleanup(func() {
		terminal.Close()
		<-read
		master.Close()
	})
	return s
}

func (s *screen) follow(master *os.File) {
	piece := make([]byte, 4096)
	for {
		n, err := master.Read(piece)
		s.mu.Lock()
		s.text.Write(piece[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.text.String(), "\r\n", "\n")
}

// await waits until the text is on the screen.
func (s *screen) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %q on the screen:\n%s", text, s)
		}
	}
}

// running is a program in this process.
type running struct {
	stop context.CancelFunc // its first signal
	code chan int
}

// launch runs the program with a home of its own in the background.
func launch(t *testing.T, home string, stdout, stderr *os.File, args ...string) running {
	t.Helper()
	return launchWith(t, home, nil, stdout, stderr, args...)
}

// launchWith is launch with more in the environment.
func launchWith(t *testing.T, home string, more []string, stdout, stderr *os.File, args ...string) running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := running{stop: stop, code: make(chan int, 1)}
	env := append([]string{"HOME=" + home, "TERM=xterm", "PATH=" + os.Getenv("PATH"), "DARKROOM_MIN_FREE_DISK=1MiB"}, more...)
	go func() { r.code <- run(ctx, args, env, strings.NewReader(""), stdout, stderr) }()
	t.Cleanup(stop)
	return r
}

func (r running) ends(t *testing.T, want int) {
	t.Helper()
	select {
	case got := <-r.code:
		if got != want {
			t.Errorf("exit code %d, want %d", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}

func output(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestOnATerminal(t *testing.T) {
	site := httptest.NewServer(testSite())
	t.Cleanup(site.Close)
	home := t.TempDir()
	data := filepath.Join(home, "data")

	// The first start shows the key, once, and keeps it for the command line.
	serving := openScreen(t)
	server := launch(t, home, output(t), serving.terminal, "serve", "--listen", "127.0.0.1:0", "--data", data)
	serving.await(t, "Next, in another terminal:")
	shown := serving.String()
	for _, want := range []string{
		"this computer only", "private targets  allowed", "captures at a time", "First start. Your API key, shown once", "sk_live_",
		"(works once, 30 minutes; `darkroom login-link` makes another)",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the banner lacks %q:\n%s", want, shown)
		}
	}
	if _, err := os.Stat(filepath.Join(data, initialKeyName)); err == nil {
		t.Error("the key was written to a file although it was shown")
	}
	awaitListening(t, data)

	// The link logs in, once.
	link := loginAddress.FindString(shown)
	if page := logIn(t, link); page != "/" {
		t.Errorf("the link %s leads to %q", link, page)
	}
	if page := logIn(t, link); page != "" {
		t.Errorf("used again, the link leads to %q", page)
	}

	// A batch draws its bar.
	watching := openScreen(t)
	zip := filepath.Join(home, "shots.zip")
	launch(t, home, watching.terminal, watching.terminal, "batch", site.URL+"/a", site.URL+"/b", "-o", zip).ends(t, exitOK)
	watching.await(t, "shots.zip   2 pictures")
	for _, want := range []string{"\x1b[2musing http://127.0.0.1:", "████", "2/2   2 ok · 0 failed"} {
		if !strings.Contains(watching.String(), want) {
			t.Errorf("the screen lacks %q:\n%q", want, watching.String())
		}
	}

	// Ctrl-C stops watching; the job goes on.
	watching = openScreen(t)
	batch := launch(t, home, watching.terminal, watching.terminal, "batch", site.URL+"/slow", "--capture-timeout", "2s", "--attempts", "1")
	watching.await(t, "0/1   0 ok · 0 failed")
	batch.stop()
	batch.ends(t, exitInterrupted)
	watching.await(t, "Stopped watching. The job goes on: darkroom jobs watch ")
	launch(t, home, watching.terminal, watching.terminal, "jobs", "watch", "-").ends(t, exitAllFailed)
	watching.await(t, "1/1   0 ok · 1 failed")
	launch(t, home, watching.terminal, watching.terminal, "jobs", "list").ends(t, exitOK)
	watching.await(t, "ID  ")

	server.stop()
	server.ends(t, exitOK)

	// The second start has a banner without a key, and keeps the credentials true.
	serving = openScreen(t)
	server = launch(t, home, output(t), serving.terminal, "serve", "--listen", "127.0.0.1:0", "--data", data)
	awaitListening(t, data)
	if strings.Contains(serving.String(), "sk_live_") {
		t.Errorf("a later start shows a key:\n%s", serving)
	}
	launch(t, home, watching.terminal, watching.terminal, "jobs", "get", "-").ends(t, exitOK)
	server.stop()
	server.ends(t, exitOK)
}

func awaitListening(t *testing.T, data string) {
	t.Helper()
	path := filepath.Join(data, listenAddressName)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if content, err := os.ReadFile(path); err == nil && len(content) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not listen")
		}
	}
}

// TestCtrlCSavesWhatIsThere interrupts a batch inside the process while its
// second page is open and before its third.
func TestCtrlCSavesWhatIsThere(t *testing.T) {
	site := httptest.NewServer(testSite())
	t.Cleanup(site.Close)
	home := t.TempDir()
	temporary := filepath.Join(home, "tmp")
	for _, folder := range []string{filepath.Dir(home), home, temporary} {
		_ = os.Mkdir(folder, 0o755) // the first two are there
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err) // the browser's user must be able to go there
		}
	}
	t.Setenv("TMPDIR", temporary)
	zip := filepath.Join(home, "shots.zip")
	watching := openScreen(t)
	batch := launch(t, home, output(t), watching.terminal, "batch", "--local", "--concurrency", "1", "-o", zip,
		site.URL+"/a", site.URL+"/slow", site.URL+"/b", "--capture-timeout", "3s", "--attempts", "1")
	watching.await(t, "1/3   1 ok · 0 failed")
	batch.stop()
	batch.ends(t, exitPartial)
	records, err := readManifest(zip)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 || !records[0].Success || records[1].Success || records[2].ErrorCode != "cancelled" {
		t.Errorf("%+v", records)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// heldSite has a sitemap in two files, the second of which ends when rest is
// closed.
func heldSite(t *testing.T, rest <-chan struct{}) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", testSite())
	for path, text := range map[string]string{
		"/sitemap.xml": "<sitemapindex><sitemap><loc>SITE/one.xml</loc></sitemap><sitemap><loc>SITE/two.xml</loc></sitemap></sitemapindex>",
		"/one.xml":     "<urlset><url><loc>SITE/a</loc></url></urlset>",
		"/two.xml":     "<urlset><url><loc>SITE/b</loc></url><url><loc>SITE/c</loc></url></urlset>",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if path == "/two.xml" {
				select {
				case <-rest:
				case <-r.Context().Done():
				}
			}
			fmt.Fprint(w, strings.ReplaceAll(text, "SITE", "http://"+r.Host))
		})
	}
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site.URL
}

// TestASitemapOnATerminal captures a page while the rest of the sitemap is
// still being read.
func TestASitemapOnATerminal(t *testing.T) {
	rest := make(chan struct{})
	site, home := heldSite(t, rest), t.TempDir()
	watching := openScreen(t)
	crawl := launch(t, home, watching.terminal, watching.terminal, "sitemap", "--local", site+"/sitemap.xml",
		"--max-pages", "2", "-o", filepath.Join(home, "shots.zip"))
	watching.await(t, "reading the sitemap: ")
	watching.await(t, "1/1   1 ok · 0 failed   reading the sitemap: 1 URLs found")
	close(rest)
	crawl.ends(t, exitOK)
	watching.await(t, "Read "+site+"/sitemap.xml → 3 pages in 3 files, limit 2; use --max-pages 3 for all")
	watching.await(t, "2/2   2 ok · 0 failed")
	watching.await(t, "shots.zip   2 pictures")
}

func TestCtrlCWhileASitemapIsRead(t *testing.T) {
	site, home := heldSite(t, nil), t.TempDir()
	zip := filepath.Join(home, "shots.zip")
	watching := openScreen(t)
	crawl := launch(t, home, watching.terminal, watching.terminal, "sitemap", "--local", site+"/sitemap.xml", "-o", zip)
	watching.await(t, "1/1   1 ok · 0 failed   reading the sitemap: 1 URLs found")
	crawl.stop()
	crawl.ends(t, exitPartial)
	if records, err := readManifest(zip); err != nil || len(records) != 1 || !records[0].Success {
		t.Errorf("%+v, %v", records, err)
	}
}
