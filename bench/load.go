package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"time"

	"darkroom"
	"darkroom/client"
)

// measureLoad prints what a client waits for while the server works.
func measureLoad(ctx context.Context, b *bench) error {
	s, err := b.startService(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.warm(ctx, b.web.warmUp(2*b.atOnce())); err != nil {
		return err
	}
	fmt.Println("\n### one server under load")
	fmt.Println()
	for _, step := range []func(context.Context, *server, *web) error{measureSubmit, measurePolls, measureFirstByte, b.measureSmallJob} {
		if err := step(ctx, s, b.web); err != nil {
			return err
		}
	}
	return nil
}

// measureSubmit times the answer to a batch of 500 URLs.
func measureSubmit(ctx context.Context, s *server, pages *web) error {
	var times []float64
	for range 5 {
		began := time.Now()
		job, err := s.client.Batch(ctx, pages.trivial(500), client.Params{})
		if err != nil {
			return err
		}
		times = append(times, time.Since(began).Seconds()*1000)
		if _, err := s.client.Wait(ctx, job.ID, nil); err != nil {
			return err
		}
	}
	fmt.Printf("- submit of 500 URLs: median %.0f ms, worst %.0f ms\n", quantile(times, 0.5), quantile(times, 1))
	return nil
}

// measurePolls asks for a job's status 500 times a second while it runs.
func measurePolls(ctx context.Context, s *server, pages *web) error {
	job, err := s.client.Batch(ctx, pages.manySites(pages.corpus.mixed(200)), client.Params{})
	if err != nil {
		return err
	}
	seen := startWatch(s.cmd.Process.Pid)
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex
		times []float64
	)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 500 * 10 {
		<-tick.C
		wait.Go(func() {
			took, err := pollOnce(ctx, s, job.ID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				times = append(times, took.Seconds()*1000)
			}
		})
	}
	wait.Wait()
	peak := seen.end()
	fmt.Printf("- 500 status polls a second while capturing: %d answered, p50 %.1f ms, p99 %.1f ms; server memory %.0f MB\n",
		len(times), quantile(times, 0.5), quantile(times, 0.99), float64(peak.OwnPeak)/1e6)
	_, err = s.client.Wait(ctx, job.ID, nil)
	return err
}

func pollOnce(ctx context.Context, s *server, id string) (time.Duration, error) {
	began := time.Now()
	_, err := s.client.Job(ctx, id)
	return time.Since(began), err
}

// measureFirstByte downloads the archive of a 500-image job.
func measureFirstByte(ctx context.Context, s *server, pages *web) error {
	job, err := s.client.Batch(ctx, pages.trivial(500), client.Params{})
	if err != nil {
		return err
	}
	seen := startWatch(s.cmd.Process.Pid)
	if _, err := s.client.Wait(ctx, job.ID, nil); err != nil {
		return err
	}
	var times []float64
	for range 5 {
		began := time.Now()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+darkroom.DownloadPath(job.ID), nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+benchKey)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(answer.Body, make([]byte, 1)); err != nil {
			return err
		}
		times = append(times, time.Since(began).Seconds()*1000)
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	peak := seen.end()
	fmt.Printf("- 500-image job: first byte of the download median %.1f ms, worst %.1f ms; server memory %.0f MB\n",
		quantile(times, 0.5), quantile(times, 1), float64(peak.OwnPeak)/1e6)
	return nil
}

var keyPattern = regexp.MustCompile(`sk_live_[0-9a-f]{48}`)

// measureSmallJob puts one URL of another key behind forty busy jobs and
// compares its wait with the time of one capture.
func (b *bench) measureSmallJob(ctx context.Context, s *server, pages *web) error {
	create := exec.CommandContext(ctx, s.cmd.Path, "keys", "create", "second", "--data", s.dir)
	create.Stderr = os.Stderr
	out, err := create.Output()
	if err != nil {
		return fmt.Errorf("create a second key: %w", err)
	}
	other := client.New(s.url, string(keyPattern.Find(out)))
	for range 40 {
		if _, err := s.client.Batch(ctx, pages.manySites(pages.corpus.mixed(50)), client.Params{}); err != nil {
			return err
		}
	}
	time.Sleep(3 * time.Second) // until all slots are in the middle of that work
	var waits []float64
	for range 5 {
		job, err := other.Batch(ctx, pages.trivial(1), client.Params{})
		if err != nil {
			return err
		}
		began := time.Now()
		done, err := other.Wait(ctx, job.ID, nil)
		if err != nil || done.Status != darkroom.StatusCompleted {
			return fmt.Errorf("the small job ended %s: %w", done.Status, err)
		}
		waits = append(waits, time.Since(began).Seconds())
	}
	one, err := b.captureTime(ctx, s)
	if err != nil {
		return err
	}
	fmt.Printf("- 1-URL job behind forty busy jobs of another key: done after %.2f s (median), %.2f s (worst); a capture takes %.2f s of a slot then\n",
		quantile(waits, 0.5), quantile(waits, 1), one)
	return nil
}

// captureTime is what a capture takes at this load: slots over rate.
func (b *bench) captureTime(ctx context.Context, s *server) (float64, error) {
	count := func() (int, error) {
		done := 0
		for job, err := range s.client.Jobs(ctx, client.ListParams{Status: darkroom.StatusProcessing}) {
			if err != nil {
				return 0, err
			}
			done += job.Progress.Completed
		}
		return done, nil
	}
	before, err := count()
	if err != nil {
		return 0, err
	}
	const span = 5 * time.Second
	time.Sleep(span) // the measure is a rate
	after, err := count()
	if err != nil || after <= before {
		return 0, fmt.Errorf("nothing was captured in %s: %w", span, err)
	}
	return span.Seconds() * float64(b.atOnce()) / float64(after-before), nil
}
