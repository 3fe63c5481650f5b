package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/chrome/chrometest"
)

// soakPages are good pages of many kinds; each must be captured.
var soakPages = []string{
	"/colour/0f0", "/tall?height=3000", "/lazy", "/font", "/late-image", "/animation", "/odd/modal", "/odd/canvas", "/odd/nested",
	"/odd/svg-use", "/odd/growing", "/odd/slow-import", "/odd/service-worker", "/odd/websocket", "/odd/worker-storm", "/odd/ten-thousand",
	"/redirect?to=/colour/0f0", "/js-redirect?to=/colour/0f0", "/alert", "/popups", "/plant", "/long-poll", "/frames", "/sticky",
}

// TestMemoryStaysFlat captures a mixed corpus with two hostile pages in a
// hundred, a hundred captures a job, and looks at the memory of the server and
// of its browsers after each job. It prints a line for each.
func TestMemoryStaysFlat(t *testing.T) {
	total := length(30, 300, 2000)
	bad := hostileSite(t)
	s := start(t, t.TempDir(), "--concurrency", "4", "--ca-file", authorityFile(t, bad))
	hostile := slices.DeleteFunc(bad.Pages(), func(p chrometest.HostilePage) bool { return p.Victim != "" })
	w := s.watch()
	var samples []sample
	lost, failed, begun := 0, 0, time.Now()
	for taken := 0; taken < total; {
		count := min(100, total-taken)
		requests, wants := soakJob(bad.URL, hostile, taken, count)
		job := s.submit(map[string]any{"requests": requests})
		peak := w.follow(t, s, job.ID, 10*time.Minute)
		results := s.results(job.ID)
		lost += count - len(results)
		for i, result := range results {
			if want := wants[i]; result.Success != (len(want) == 0) || !result.Success && !slices.Contains(want, result.ErrorCode) {
				failed++
				t.Errorf("%s: %q (success %v), want %v", result.URL, result.ErrorCode, result.Success, want)
			}
		}
		taken += count
		w.buried(t)
		now := w.look()
		samples = append(samples, now)
		fmt.Printf("soak: %4d captures, %3.0f s: %s; highest meanwhile: server %d MB, a browser %d MB; zombies %d, browser folders %d\n",
			taken, time.Since(begun).Seconds(), now, peak.server, peak.largest, now.zombies, now.temp)
		if now.temp > 4 {
			t.Errorf("%d folders of browsers, want no more than slots", now.temp)
		}
	}
	fmt.Printf("soak: %d captures, %d lost, %d not as expected; per 1,000 captures after the first third: server %+.1f MB, browsers %+.1f MB\n",
		total, lost, failed, slope(samples, func(s sample) int { return s.server }), slope(samples, func(s sample) int { return s.browsers }))
	if lost > 0 {
		t.Errorf("%d captures have no result", lost)
	}
	checkFlat(t, samples)
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ends with exit code %d", code)
	}
	checkNothingLeft(t, s.data)
}

// soakJob gives the requests of one job and the codes that each may end with.
func soakJob(base string, hostile []chrometest.HostilePage, first, count int) (requests []any, wants [][]darkroom.Code) {
	for i := first; i < first+count; i++ {
		if i%50 == 25 {
			page := hostile[(i/50*37)%len(hostile)]
			requests, wants = append(requests, hostileRequest(page)), append(wants, page.Codes)
			continue
		}
		path := soakPages[i%len(soakPages)]
		mark := "?"
		if slices.Contains([]byte(path), '?') {
			mark = "&"
		}
		address := fmt.Sprintf("%s%s%ssoak=%d", base, path, mark, i)
		requests = append(requests, map[string]any{"url": address, "full_page": i%3 == 0})
		wants = append(wants, nil)
	}
	return requests, wants
}

// slope is by how many MB something grows in 1,000 captures, 100 between two
// samples, by least squares over the last two thirds.
func slope(samples []sample, of func(sample) int) float64 {
	samples = samples[len(samples)/3:]
	var sumX, sumY, sumXY, sumXX float64
	for i, s := range samples {
		x, y := float64(i)/10, float64(of(s))
		sumX, sumY, sumXY, sumXX = sumX+x, sumY+y, sumXY+x*y, sumXX+x*x
	}
	n := float64(len(samples))
	if n < 2 {
		return 0
	}
	return (n*sumXY - sumX*sumY) / (n*sumXX - sumX*sumX)
}

// checkFlat compares the last third with the one before it: a browser that is
// replaced makes single samples jump.
func checkFlat(t *testing.T, samples []sample) {
	t.Helper()
	third := len(samples) / 3
	if third == 0 {
		return // the short form shows that the soak works
	}
	middle, last := samples[third:2*third], samples[len(samples)-third:]
	for name, of := range map[string]func(sample) int{
		"the server":                func(s sample) int { return s.server },
		"descriptors of the server": func(s sample) int { return s.files },
	} {
		if before, after := mean(middle, of), mean(last, of); after > before*1.2+16 {
			t.Errorf("%s: %.0f in the middle third, %.0f in the last", name, before, after)
		}
	}
	browsers := func(s sample) int { return s.browsers }
	if before, after := mean(middle, browsers), mean(last, browsers); after > before*1.3+200 {
		t.Errorf("the browsers: %.0f MB in the middle third, %.0f in the last", before, after)
	}
}

func mean(samples []sample, of func(sample) int) float64 {
	sum := 0
	for _, s := range samples {
		sum += of(s)
	}
	return float64(sum) / float64(len(samples))
}
