package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

// TestACrowdOfBadClients has thousands of connections that do nothing, clients
// that send a byte at a time and clients that leave in the middle of what they
// asked for, while a job runs: others are answered, nothing is lost, memory is
// bounded, and all is given back.
func TestACrowdOfBadClients(t *testing.T) {
	t.Parallel()
	const count = 30
	s := start(t, t.TempDir())
	base := site(t)
	noise := make([]string, 8)
	for i := range noise {
		noise[i] = fmt.Sprintf("%s/noise/%d", base, i)
	}
	done := s.await(s.submit(map[string]any{"urls": noise}).ID, time.Minute)
	w := s.watch()
	before, goroutines := w.look(), s.goroutines()

	idlers := s.idlers(crowdOf(length(1500, 10_000, 10_000)))
	crowded := w.look()
	job := s.underWay(s.submit(map[string]any{"urls": pages(base, count)}))
	slow := s.dawdle(length(100, 500, 500))
	left := s.leave(job.ID, done.ID, length(20, 100, 100))
	slowest := s.pollUntilEnd(job.ID)
	left.Wait()
	for _, result := range s.results(job.ID) {
		if !result.Success || result.Attempts != 1 {
			t.Errorf("%s: %s after %d attempts", result.URL, result.ErrorCode, result.Attempts)
		}
	}
	slow.end(t)
	for _, one := range idlers {
		_ = one.Close()
	}
	w.settles(t, before.files+16) // what is kept between captures differs a little
	after := s.goroutinesFall(goroutines + 30)
	fmt.Printf("crowd: %d idle connections: server %d MB before, %d with them, %d at most, %d descriptors; %d slow clients; slowest poll of another %s; goroutines %d before, %d after\n",
		len(idlers), before.server, crowded.server, peakMemory(t, s.cmd.Process.Pid)>>20, crowded.files, slow.count, slowest.Round(time.Millisecond), goroutines, after)
	if peak := peakMemory(t, s.cmd.Process.Pid); peak > 256<<20 {
		t.Errorf("the server took %d MB", peak>>20)
	}
}

// crowdOf is how many connections this process can open of those wanted.
func crowdOf(wanted int) int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < uint64(wanted)+1000 {
		return max(1, int(limit.Cur)-1000)
	}
	return wanted
}

// asks is a request as a client without a library writes it.
func asks(method, path, more string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: x\r\nX-API-Key: " + apiKey + "\r\n" + more + "\r\n"
}

// slowClients send a byte at a time until they are cut off.
type slowClients struct {
	count   int
	conns   []wire
	sending sync.WaitGroup
	cut     atomic.Int32 // of those that are slow with the header
}

func (s *server) dawdle(each int) *slowClients {
	s.t.Helper()
	slow := &slowClients{count: 2 * each}
	endless := strings.Repeat("x", 1<<20)
	for range each {
		header := s.dial("GET /healthz HTTP/1.1\r\nX-Slow: ")
		body := s.dial(asks("POST", "/v1/batch", "Content-Type: application/json\r\nContent-Length: 1000000\r\n") + `{"name":"`)
		slow.conns = append(slow.conns, header, body)
		slow.sending.Go(func() { drip(header, endless); slow.cut.Add(1) })
		slow.sending.Go(func() { drip(body, endless) })
	}
	s.t.Cleanup(slow.close)
	return slow
}

// drip returns when the server has closed the connection, or answered.
func drip(to wire, text string) {
	for i := range text {
		_ = to.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := to.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if _, err := io.WriteString(to, text[i:i+1]); err != nil {
			return
		}
	}
}

// end waits until those with the slow headers are cut off, in the long form
// until all are.
func (c *slowClients) end(t *testing.T) {
	t.Helper()
	cut := make(chan struct{})
	go func() { defer close(cut); c.sending.Wait() }()
	deadline := time.After(90 * time.Second)
	for length(0, 1, 1) == 1 || int(c.cut.Load()) < c.count/2 {
		select {
		case <-cut:
			return
		case <-deadline:
			t.Fatalf("%d of %d clients that are slow with the header were cut off", c.cut.Load(), c.count/2)
		case <-time.After(50 * time.Millisecond): // polling another process
		}
	}
	c.close()
	<-cut
}

func (c *slowClients) close() {
	for _, one := range c.conns {
		_ = one.Close()
	}
}

// leave asks for what takes long, again and again, and goes away in the middle.
func (s *server) leave(running, ended string, rounds int) *sync.WaitGroup {
	var leaving sync.WaitGroup
	for _, path := range []string{darkroom.JobPath(running) + "?wait=60", darkroom.JobPath(running) + "/events", darkroom.DownloadPath(ended)} {
		leaving.Go(func() {
			for n := range rounds {
				one, err := s.connect(asks("GET", path, ""))
				if err != nil {
					s.t.Error(err)
					return
				}
				if !strings.Contains(path, "wait") {
					_ = one.SetReadDeadline(time.Now().Add(20 * time.Second))
					if _, err := io.CopyN(io.Discard, one.Reader, 200); err != nil {
						s.t.Errorf("%s: %v", path, err)
					}
				}
				if tcp, ok := one.Conn.(*net.TCPConn); ok && n%2 == 0 {
					_ = tcp.SetLinger(0) // a reset instead of a farewell
				}
				_ = one.Close()
			}
		})
	}
	return &leaving
}

// pollUntilEnd looks at a job on a new connection each time, and gives how long
// the slowest answer took.
func (s *server) pollUntilEnd(id string) (slowest time.Duration) {
	s.t.Helper()
	for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		began := time.Now()
		one := s.dial(asks("GET", darkroom.JobPath(id), "Connection: close\r\n"))
		status := one.status(30 * time.Second)
		_ = one.Close()
		if status != http.StatusOK {
			s.t.Fatalf("a poll got %d\n%s", status, s.log)
		}
		slowest = max(slowest, time.Since(began))
		if now := s.progress(id); now.Completed+now.Failed == now.Total {
			return slowest
		}
	}
	s.t.Fatalf("the job does not end\n%s", s.log)
	return 0
}

// goroutines of the server, as its metrics tell.
func (s *server) goroutines() (count int) {
	s.t.Helper()
	_, content := s.call("GET", "/metrics", nil)
	_, rest, found := strings.Cut(string(content), "\ngo_goroutines ")
	if _, err := fmt.Sscan(rest, &count); !found || err != nil {
		s.t.Fatalf("the metrics do not tell of goroutines: %.200s", content)
	}
	return count
}

func (s *server) goroutinesFall(most int) (now int) {
	s.t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if now = s.goroutines(); now <= most {
			return now
		}
	}
	s.t.Errorf("%d goroutines are left, want at most %d", now, most)
	return now
}
