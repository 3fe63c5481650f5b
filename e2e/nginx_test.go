package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// The settings of deploy/nginx.conf, at a path of a host, in a real nginx.
func TestBehindNginx(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // where Debian has it, outside of an ordinary PATH
	}
	const count = 12
	base := site(t)
	s := start(t, t.TempDir(), "--path-prefix", "/shots", "--public-url", "https://example.com/shots", "--trusted-proxies", "127.0.0.1")
	direct := s.url
	s.url = startNginx(t, nginx, strings.TrimPrefix(direct, "http://")) + "/shots"

	job := s.submit(map[string]any{"urls": pages(base, count)})
	answer, _ := s.call("GET", darkroom.JobPath(job.ID)+"?wait=60", nil)
	if answer.StatusCode != http.StatusOK {
		t.Errorf("a long poll answers %d", answer.StatusCode)
	}
	if ended := s.await(job.ID, time.Minute); ended.Status != darkroom.StatusCompleted {
		t.Fatalf("the job ends as %s", ended.Status)
	}
	whole, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	open(t, content).checkPictures(t, count)
	if whole.ContentLength != int64(len(content)) || whole.Header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("the archive of %d bytes comes with %v", len(content), whole.Header)
	}
	resumed := s.downloadInPieces(job.ID, whole.Header.Get("ETag"), int64(len(content)))
	if !bytes.Equal(resumed, content) {
		t.Error("a download resumed with Range gives other bytes")
	}
	again, _ := s.call("POST", "/v1/batch", map[string]any{"urls": pages(base, 1)})
	if want := "/shots/v1/jobs/"; !strings.HasPrefix(again.Header.Get("Location"), want) {
		t.Errorf("Location is %s, want %s…", again.Header.Get("Location"), want)
	}
	outside, err := http.Get(direct + "/v1/jobs")
	must(t, err)
	outside.Body.Close()
	if outside.StatusCode != http.StatusNotFound {
		t.Errorf("outside of the prefix: %d", outside.StatusCode)
	}
	// The proxy has one address, its clients have many: who tries keys is limited
	// by the address that nginx saw, whatever else they write into the header.
	statuses := map[int]int{}
	for i := range 110 {
		statuses[guess(t, s.url, "127.0.0.2", i)]++
	}
	if statuses[http.StatusTooManyRequests] != 10 || statuses[http.StatusUnauthorized] != 100 {
		t.Errorf("110 unknown keys of one client: %v", statuses)
	}
	if got := guess(t, s.url, "127.0.0.3", 200); got != http.StatusUnauthorized {
		t.Errorf("another client of the same proxy: %d", got)
	}
}

// guess tries a key from one of this machine's addresses.
func guess(t *testing.T, base, from string, i int) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/jobs", nil)
	must(t, err)
	request.Header.Set("Authorization", fmt.Sprintf("Bearer sk_live_%048x", i))
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	must(t, err)
	answer.Body.Close()
	return answer.StatusCode
}

// startNginx runs nginx with the documented settings before one server.
func startNginx(t *testing.T, program, upstream string) string {
	t.Helper()
	config, err := os.ReadFile("../deploy/nginx.conf")
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	text := string(config)
	for old, new := range map[string]string{
		"server api-1:8484;": "server " + upstream + ";", "server api-2:8484;": "",
		"listen 8484;": "listen " + address + ";", "location / {": "location /shots/ {",
	} {
		if strings.Count(text, old) != 1 {
			t.Fatalf("deploy/nginx.conf does not have %q once", old)
		}
		text = strings.Replace(text, old, new, 1)
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte("daemon off; worker_processes 1; pid "+dir+"/pid; error_log stderr;\nevents {}\nhttp { access_log off;\n"+
		temporary(dir)+text+"}\n"), 0o644))
	cmd := exec.Command(program, "-p", dir, "-c", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // another process starts
		if connection, err := net.Dial("tcp", address); err == nil {
			connection.Close()
			return "http://" + address
		}
		if time.Now().After(until) {
			t.Fatalf("nginx does not answer: %s", said.String())
		}
	}
}

func temporary(dir string) string {
	var lines strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&lines, "%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	return lines.String()
}
