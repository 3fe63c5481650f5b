package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

// listener is one running `darkroom listen`.
type listener struct {
	stdout, stderr *syncBuffer
	stop           func() error // with ctrl-C; gives how the process ended
}

func (s *server) listen(to string) *listener {
	s.t.Helper()
	cmd := exec.Command(programPath, "listen", "--forward-to", to)
	cmd.Env = append(os.Environ(), "DARKROOM_URL="+s.url, "DARKROOM_API_KEY="+apiKey, "HOME="+s.t.TempDir(), "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	l := &listener{stdout: &syncBuffer{}, stderr: &syncBuffer{}}
	cmd.Stdout, cmd.Stderr = l.stdout, l.stderr
	must(s.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	l.stop = func() error {
		_ = cmd.Process.Signal(syscall.SIGINT)
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			return <-ended
		}
	}
	s.t.Cleanup(func() { _ = l.stop() })
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(l.stderr.String(), "Ready."); {
		if time.Now().After(deadline) {
			s.t.Fatalf("listen is not ready\n%s", l.stderr)
		}
		time.Sleep(5 * time.Millisecond) // polling another process
	}
	return l
}

// Whoever listens is told of every job once, with a callback or without, also
// when the server is killed meanwhile.
func TestListeningSurvivesKills(t *testing.T) {
	hooks := receive(t)
	data := t.TempDir()
	s := start(t, data)
	told := s.listen(hooks.url)
	address := strings.TrimPrefix(s.url, "http://")
	want := map[string]bool{}
	for round := range length(1, 5, 30) + 1 {
		if round > 0 {
			s.kill()
			s = start(t, data, "--listen", address)
		}
		for range 3 {
			want[s.submit(map[string]any{"urls": pages(site(t), 1)}).ID] = true
		}
	}
	hooks.checkOnePerJob(t, len(want))
	if got := hooks.all(); len(got) != len(want) {
		t.Errorf("%d events for %d jobs", len(got), len(want))
	}
	for _, h := range hooks.all() {
		checkSignatures(t, h)
		if !want[h.job(t)] {
			t.Errorf("told of job %s, which nobody made", h.job(t))
		}
		want[h.job(t)] = false
	}
	// The last line is written after its receiver has answered.
	for until := time.Now().Add(10 * time.Second); strings.Count(told.stdout.String(), "\n") < len(want) && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond) // polling another process
	}
	if err := told.stop(); err != nil {
		t.Errorf("ended with %v", err)
	}
	lines := strings.Split(strings.TrimSpace(told.stdout.String()), "\n")
	if len(lines) != len(want) || !strings.Contains(lines[0], "\tjob.completed\t") || !strings.Contains(lines[0], "\tbatch 1/1\t200 OK\t") {
		t.Errorf("%d lines for %d jobs\n%s", len(lines), len(want), told.stdout)
	}
}

// What is sent again has the same id and the same bytes, and stands in the log.
func TestWebhooksAreSentAgain(t *testing.T) {
	hooks := receive(t)
	s := start(t, t.TempDir())
	s.submit(map[string]any{"urls": pages(site(t), 1), "callback_url": hooks.url})
	hooks.await(t, 1)
	id := hooks.all()[0].header.Get("webhook-id")
	env := []string{"DARKROOM_URL=" + s.url, "DARKROOM_API_KEY=" + apiKey}
	run := func(args ...string) string {
		t.Helper()
		stdout, stderr, code := program(t.Context(), t, env, append([]string{"webhooks"}, args...)...)
		if code != 0 {
			t.Fatalf("%v ended with %d\n%s", args, code, stderr)
		}
		return stdout
	}
	s.awaitDelivered(id)
	if list := run("deliveries"); !strings.HasPrefix(list, id+"\tdelivered\tjob.completed\t") {
		t.Errorf("listed %s", list)
	}
	run("redeliver", id)
	hooks.await(t, 2)
	first, second := hooks.all()[0], hooks.all()[1]
	if second.header.Get("webhook-id") != id || !bytes.Equal(first.body, second.body) || second.header.Get("X-Webhook-Attempt") != "2" {
		t.Errorf("sent again as %v\n%s", second.header, second.body)
	}
	s.awaitDelivered(id)
	var log darkroom.DeliveryLogAnswer
	must(t, json.Unmarshal([]byte(run("get", id, "--json")), &log))
	if len(log.Log) != 2 || log.Log[1].RequestHeaders["Webhook-Signature"] != second.header.Get("webhook-signature") || log.Body != string(second.body) {
		t.Errorf("the log is %+v", log)
	}
	if text := run("get", id); !strings.Contains(text, "attempt 2") {
		t.Errorf("shown as %s", text)
	}
	run("test", hooks.url)
	hooks.await(t, 3)
	checkSignatures(t, hooks.all()[2])
	broken := httptest.NewServer(http.NotFoundHandler())
	defer broken.Close()
	if stdout, _, code := program(context.WithoutCancel(t.Context()), t, env, "webhooks", "test", broken.URL); code != 1 || !strings.Contains(stdout, "404") {
		t.Errorf("a receiver that is none: %d %s", code, stdout)
	}
}

// await waits until so many webhooks have come.
func (r *receiver) await(t *testing.T, n int) {
	t.Helper()
	for deadline := time.After(time.Minute); len(r.all()) < n; {
		select {
		case <-r.hit:
		case <-deadline:
			t.Fatalf("%d of %d webhooks came in a minute", len(r.all()), n)
		}
	}
}

func (s *server) awaitDelivered(id string) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var log darkroom.DeliveryLogAnswer
		if _, body := s.call("GET", darkroom.DeliveryPath(id), nil); json.Unmarshal(body, &log) == nil && log.Status == darkroom.DeliveryDelivered {
			return
		}
	}
	s.t.Fatalf("delivery %s was not recorded in a minute", id)
}
