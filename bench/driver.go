package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// driverTask is the first line that a driver reads: a program of its own that
// takes the pages with one of the contenders' libraries. It answers a
// driverAnswer when it is warm, waits for a second line, and answers another
// when all is done. It ends when its input does.
type driverTask struct {
	Browser string       `json:"browser"`
	Flags   []string     `json:"flags"`
	Tabs    int          `json:"tabs"`
	Warm    []driverPage `json:"warm"`
	Pages   []driverPage `json:"pages"`
	Full    bool         `json:"full"`
	Fast    bool         `json:"fast"` // PNG optimised for speed
	Width   int          `json:"width"`
	Height  int          `json:"height"`
	Timeout int64        `json:"timeout"` // ms of one page
}

type driverPage struct {
	URL  string `json:"url"`
	File string `json:"file"` // where its picture goes
}

type driverAnswer struct {
	Ready bool         `json:"ready"`
	Pages []driverTime `json:"pages"`
}

type driverTime struct {
	MS    float64 `json:"ms"`
	Error string  `json:"error"`
}

const pageTimeout = 30 * time.Second

func (b *bench) driverTask(t task) driverTask {
	asked := driverTask{
		Browser: b.browser.Path, Flags: peerFlags(), Tabs: t.tabs, Full: t.full, Fast: b.set.fastPeers,
		Width: viewWidth, Height: viewHeight, Timeout: pageTimeout.Milliseconds(),
	}
	for _, url := range b.web.warmUp(2 * t.tabs) {
		asked.Warm = append(asked.Warm, driverPage{url, t.file(9999)})
	}
	for i, url := range t.urls {
		asked.Pages = append(asked.Pages, driverPage{url, t.file(i)})
	}
	return asked
}

// drive runs a driver for one round.
func drive(ctx context.Context, cmd *exec.Cmd, asked driverTask) (round, error) {
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return round{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return round{}, err
	}
	if err := cmd.Start(); err != nil {
		return round{}, err
	}
	result, err := converse(cmd.Process.Pid, in, out, asked)
	_ = in.Close()
	if err != nil {
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
	if ended := cmd.Wait(); err == nil && ended != nil {
		err = fmt.Errorf("the driver did not end well: %w", ended)
	}
	if ctx.Err() != nil {
		return round{}, ctx.Err()
	}
	return result, err
}

// patient has a command end by itself when the context does.
func patient(cmd *exec.Cmd) *exec.Cmd {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func converse(pid int, in io.Writer, out io.Reader, asked driverTask) (round, error) {
	answers := bufio.NewScanner(out)
	answers.Buffer(nil, 1<<24)
	if err := json.NewEncoder(in).Encode(asked); err != nil {
		return round{}, err
	}
	if ready, err := nextAnswer(answers); err != nil || !ready.Ready {
		return round{}, fmt.Errorf("the driver did not get warm: %w", err)
	}
	seen := startWatch(pid)
	if _, err := io.WriteString(in, "go\n"); err != nil {
		return round{}, err
	}
	done, err := nextAnswer(answers)
	result := round{spent: seen.end()}
	if err != nil {
		return round{}, err
	}
	for i, page := range done.Pages {
		result.Times = append(result.Times, page.MS)
		if page.Error != "" {
			fmt.Fprintf(os.Stderr, "  %s: %s\n", asked.Pages[i].URL, page.Error)
		}
	}
	return result, nil
}

func nextAnswer(answers *bufio.Scanner) (driverAnswer, error) {
	var answer driverAnswer
	if !answers.Scan() {
		return answer, fmt.Errorf("the driver ended early: %w", answers.Err())
	}
	err := json.Unmarshal(answers.Bytes(), &answer)
	return answer, err
}
