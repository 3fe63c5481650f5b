package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// member is one instance of a cluster, over all of its processes.
type member struct {
	role, data string
	process    *server
	url        string // "" until the process has said it
	still      bool
	back       time.Time // when it goes on, or is started again; zero while it works
}

// cluster is several instances that die and stand still while they work.
type cluster struct {
	*places

	t       *testing.T
	random  *rand.Rand
	still   time.Duration // how long one stands still
	front   *line         // to any instance that answers requests, another with each connection
	waiting sync.WaitGroup

	mu      sync.Mutex
	members []*member
	all     []*server // every process there was

	kills, stops, inTheMiddle int
}

func openCluster(t *testing.T, random *rand.Rand, still time.Duration, roles ...string) *cluster {
	t.Helper()
	c := &cluster{places: openPlaces(t), t: t, random: random, still: still}
	c.front = layLines(t, "tcp", c.anyFront)
	t.Cleanup(c.waiting.Wait)
	for _, role := range roles {
		m := &member{role: role, data: t.TempDir()}
		c.members = append(c.members, m)
		c.launch(m)
	}
	for _, m := range c.members {
		c.await(m)
	}
	return c
}

// url is of the cluster as clients have it.
func (c *cluster) url() string { return fmt.Sprintf("http://127.0.0.1:%d", c.front.port()) }

// anyFront is the address of an instance that answers requests.
func (c *cluster) anyFront() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var working []string
	for _, m := range c.members {
		if m.role == "api" && m.url != "" && m.back.IsZero() {
			working = append(working, strings.TrimPrefix(m.url, "http://"))
		}
	}
	if len(working) == 0 {
		return "127.0.0.1:1" // nobody
	}
	return working[rand.IntN(len(working))]
}

// launch starts a member's next process.
func (c *cluster) launch(m *member) {
	process := c.places.all.launch(c.t, m.data, m.role, "--concurrency", "2", "--max-urls", "5000", "--max-pages", "5000")
	c.mu.Lock()
	defer c.mu.Unlock()
	m.process, m.url, m.back = process, "", time.Time{}
	c.all = append(c.all, process)
	c.waiting.Go(func() {
		select {
		case url := <-process.said:
			c.mu.Lock()
			defer c.mu.Unlock()
			process.url = url
			if m.process == process {
				m.url = url
			}
		case err := <-process.done:
			process.done <- err
		}
	})
}

// await waits until a member is ready.
func (c *cluster) await(m *member) {
	c.t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		c.mu.Lock()
		url := m.url
		c.mu.Unlock()
		if url == "" {
			continue
		}
		if answer, err := http.Get(url + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	c.t.Fatalf("a member is not ready\n%s", m.process.log)
}

// disturb kills one that works, or has it stand still. One of each role is left.
func (c *cluster) disturb() {
	c.mu.Lock()
	var open []*member
	for _, m := range c.members {
		if m.back.IsZero() && m.url != "" && c.working(m.role) > 1 {
			open = append(open, m)
		}
	}
	c.mu.Unlock()
	if len(open) == 0 {
		return
	}
	m := open[c.random.IntN(len(open))]
	if c.random.IntN(2) == 0 {
		c.kills++
		m.process.kill()
		c.away(m, false, time.Duration(c.random.IntN(3000))*time.Millisecond)
		return
	}
	c.stops++
	if m.role != "worker" || !c.stopWhileItStores(m) {
		must(c.t, m.process.cmd.Process.Signal(syscall.SIGSTOP))
	}
	c.away(m, true, c.still)
}

func (c *cluster) working(role string) (n int) {
	for _, m := range c.members {
		if m.role == role && m.back.IsZero() && m.url != "" {
			n++
		}
	}
	return n
}

func (c *cluster) away(m *member, still bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.still, m.back = still, time.Now().Add(wait)
}

// stopWhileItStores has a worker stand still when it is storing a picture, whose
// answer comes after it goes on: it has yet to record what it took. It gives up
// after a while in which the worker stores nothing.
func (c *cluster) stopWhileItStores(m *member) bool {
	id, err := os.ReadFile(filepath.Join(m.data, "instance"))
	must(c.t, err)
	stopped, late := make(chan struct{}), sync.OnceFunc(func() {
		must(c.t, m.process.cmd.Process.Signal(syscall.SIGSTOP))
	})
	c.objects.Break(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, strings.TrimSpace(string(id))) {
			late()
			select {
			case <-stopped:
			default:
				close(stopped)
			}
			time.Sleep(100 * time.Millisecond) // the answer is not read before it goes on
		}
		next.ServeHTTP(w, r)
	})
	defer c.objects.Break(nil)
	select {
	case <-stopped:
		c.inTheMiddle++
		return true
	case <-time.After(2 * time.Second):
		return false
	}
}

// restore lets go on, or starts again, whose time has come, and whoever has
// ended by itself.
func (c *cluster) restore(now time.Time) {
	for _, m := range c.members {
		c.mu.Lock()
		due, still := !m.back.IsZero() && !now.Before(m.back), m.still
		c.mu.Unlock()
		switch {
		case due && still:
			must(c.t, m.process.cmd.Process.Signal(syscall.SIGCONT))
			c.mu.Lock()
			m.still, m.back = false, time.Time{}
			c.mu.Unlock()
		case due, m.back.IsZero() && m.process.hasEnded():
			c.launch(m)
		}
	}
}

// hasEnded reports whether the process is gone.
func (s *server) hasEnded() bool {
	select {
	case err := <-s.done:
		s.done <- err
		return true
	default:
		return false
	}
}

// said counts the lines with that text in the logs of all processes.
func (c *cluster) said(text string) (n int) {
	for _, process := range c.all {
		n += strings.Count(process.log.String(), text)
	}
	return n
}
