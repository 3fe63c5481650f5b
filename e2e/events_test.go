package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
)

// A watcher sees every capture end and then the job, although the server is
// killed and started again in the middle.
func TestAWatcherOutlivesTheServer(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	count := length(8, 60, 500)
	job := s.submit(map[string]any{"urls": pages(site(t), count), "host_delay": 100})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	ended, killed := map[int]darkroom.CaptureState{}, false
	var last client.Job
	for event, err := range client.New(s.url, apiKey).Watch(ctx, job.ID) {
		must(t, err)
		if event.Capture != nil && event.Capture.State.Terminal() {
			ended[event.Capture.Index] = event.Capture.State
		}
		if event.Job == nil {
			continue
		}
		last = *event.Job
		if last.Progress.Completed >= 2 && !killed {
			killed = true
			s.kill()
			s = start(t, data, "--listen", strings.TrimPrefix(s.url, "http://"))
		}
	}
	if last.Status != darkroom.StatusCompleted || len(ended) != count || !killed {
		t.Errorf("the job is %s, %d captures were seen to end", last.Status, len(ended))
	}
	for index, state := range ended {
		if state != darkroom.CaptureCompleted {
			t.Error(fmt.Sprint("capture ", index, " is ", state))
		}
	}
}
