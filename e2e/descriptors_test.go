package e2e

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// wire is one connection to a server, without anything that helps.
type wire struct {
	net.Conn
	*bufio.Reader
}

// dial connects and says something.
func (s *server) dial(says string) wire {
	s.t.Helper()
	one, err := s.connect(says)
	must(s.t, err)
	return one
}

func (s *server) connect(says string) (wire, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return wire{}, err
	}
	if _, err := io.WriteString(conn, says); err != nil {
		return wire{}, errors.Join(err, conn.Close())
	}
	return wire{conn, bufio.NewReaderSize(conn, 1<<10)}, nil
}

// status reads an answer; 0 when the connection has ended, -1 when nothing came
// in that time.
func (c wire) status(patience time.Duration) int {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	answer, err := http.ReadResponse(c.Reader, nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return -1
	}
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// idle is a request after which the connection is kept.
const idle = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

// idlers are so many connections on each of which one request was answered.
func (s *server) idlers(count int) (all []wire) {
	s.t.Helper()
	for n := range count {
		one := s.dial(idle)
		s.t.Cleanup(func() { _ = one.Close() })
		if status := one.status(20 * time.Second); status != http.StatusOK {
			s.t.Fatalf("connection %d of %d got %d\n%s", n+1, count, status, s.log)
		}
		all = append(all, one)
	}
	return all
}

// settles waits until the server has no more descriptors than that.
func (w *watch) settles(t *testing.T, files int) {
	t.Helper()
	last := w.look()
	for until := time.Now().Add(30 * time.Second); last.files > files && time.Now().Before(until); last = w.look() {
		time.Sleep(50 * time.Millisecond) // another process closes
	}
	if last.files > files {
		t.Errorf("%d descriptors are open, want %d again", last.files, files)
	}
}

// TestFewDescriptors gives a server 256 descriptors and opens more connections
// than that: every client is answered, captures go on, and the log says what to
// do.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	const count, connections = 20, 400
	data := t.TempDir()
	s := launch(t, data, withDescriptors("256", serve(data, "--concurrency", "2"))).ready()
	warm := s.submit(map[string]any{"urls": pages(site(t), 4)})
	s.await(warm.ID, time.Minute)
	w := s.watch()
	before := w.look().files
	job := s.underWay(s.submit(map[string]any{"urls": pages(site(t), count)}))
	crowd := s.idlers(connections)
	full := w.look().files
	ended := s.await(job.ID, 2*time.Minute)
	if ended.Status != darkroom.StatusCompleted {
		t.Errorf("ended %s %+v\n%s", ended.Status, ended.Progress, s.log)
	}
	for _, result := range s.results(job.ID) {
		if result.Attempts != 1 {
			t.Errorf("%s took %d attempts", result.URL, result.Attempts)
		}
	}
	if log := s.log.String(); strings.Count(log, "ulimit -n") != 1 {
		t.Errorf("the log does not say once what to do:\n%s", log)
	}
	for _, one := range crowd {
		_ = one.Close()
	}
	w.settles(t, before+16) // what is kept between captures differs a little
	t.Logf("%d descriptors before, %d with %d connections", before, full, connections)
}

// withDescriptors has a command run with so many at most.
func withDescriptors(most string, cmd *exec.Cmd) *exec.Cmd {
	return exec.Command("sh", append([]string{"-c", "ulimit -n " + most + `; exec "$@"`, "sh"}, cmd.Args...)...)
}

// TestTooFewDescriptors: a server that cannot work with what it has says so, and
// still answers.
func TestTooFewDescriptors(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := launch(t, data, withDescriptors("40", serve(data)))
	s.listening()
	if why := s.notReady(); !strings.Contains(why, "ulimit -n") {
		t.Errorf("not ready: %s", why)
	}
	job := s.submit(map[string]any{"urls": pages(site(t), 2)})
	if answer, content := s.call("GET", darkroom.JobPath(job.ID), nil); answer.StatusCode != http.StatusOK {
		t.Errorf("the job answers %d %s", answer.StatusCode, content)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ends with exit code %d\n%s", code, s.log)
	}
}
