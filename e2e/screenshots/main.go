// Command screenshots makes the pictures of the dashboard and of the
// documentation that the documentation shows, with the program itself: one server shows the pages, and
// another, which may reach the first, photographs them.
//
//	go run ./e2e/screenshots bin/darkroom docs/screenshots
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"darkroom"
	"darkroom/client"
	"darkroom/demo"
)

const (
	key    = "sk_live_" + "0123456789abcdef0123456789abcdef0123456789abcdef"
	narrow = 390
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: screenshots PROGRAM FOLDER")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, folder string) error {
	site := httptest.NewServer(demo.Handler())
	defer site.Close()
	shown, stopShown, err := serve(ctx, program)
	if err != nil {
		return err
	}
	defer stopShown()
	camera, stopCamera, err := serve(ctx, program)
	if err != nil {
		return err
	}
	defer stopCamera()
	job, err := finishedRun(ctx, client.New(shown, key), site.URL)
	if err != nil {
		return err
	}
	session, err := login(ctx, shown)
	if err != nil {
		return err
	}
	return photograph(ctx, client.New(camera, key), shown, session, pagesOf(job), folder)
}

// serve starts a server on a folder that goes with it.
func serve(ctx context.Context, program string) (address string, stop func(), err error) {
	data, err := os.MkdirTemp("", "darkroom-screenshots-")
	if err != nil {
		return "", nil, err
	}
	command := exec.CommandContext(ctx, program, "serve", "--listen", "127.0.0.1:0", "--data", data, "--log-format", "json")
	command.Env = append(os.Environ(), "DARKROOM_API_KEY="+key, "XDG_CONFIG_HOME="+data)
	log, err := command.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		_ = os.RemoveAll(data)
	}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), `"url":"`); found {
			address, _, _ = strings.Cut(rest, `"`)
			go func() {
				for lines.Scan() { // the log is read to its end, or the server would wait
				}
			}()
			return address, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the server did not say where it listens")
}

func finishedRun(ctx context.Context, c *client.Client, site string) (client.Job, error) {
	var urls []string
	for _, page := range demo.Pages() {
		urls = append(urls, site+page)
	}
	job, err := c.Batch(ctx, urls, client.Params{
		Name: "Harbour town", Tags: []string{"demo"}, Options: darkroom.Options{Timeout: 5000, Attempts: 1, Evidence: true},
	})
	if err != nil {
		return job, err
	}
	return c.Wait(ctx, job.ID, nil)
}

// login gives the cookie of a session.
func login(ctx context.Context, address string) (string, error) {
	form := strings.NewReader(url.Values{"key": {key}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/login", form)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	for _, cookie := range response.Cookies() {
		return cookie.Value, nil
	}
	return "", fmt.Errorf("log in: %s", response.Status)
}

// pagesOf are the pages to photograph, by the name of the picture.
func pagesOf(job client.Job) map[string]string {
	run := "/jobs/" + job.ID
	return map[string]string{
		"login": "/login", "runs": "/", "new": "/new", "sitemap": "/new?kind=sitemap", "deliveries": "/deliveries", "keys": "/keys", "system": "/system",
		"run": run, "table": run + "?view=table", "log": run + "?view=log", "settings": run + "?view=settings", "shot": run + "/1", "delete": run + "/delete",
		"docs": "/docs", "reference": "/docs/reference",
	}
}

func photograph(ctx context.Context, c *client.Client, address, session string, pages map[string]string, folder string) error {
	var requests []client.Request
	names := map[string]string{}
	for name, path := range pages {
		requests = append(requests, client.Request{URL: address + path})
		names[address+path] = name
	}
	params := client.Params{
		Options: darkroom.Options{Format: "webp", Secrets: darkroom.Secrets{Cookies: []darkroom.Cookie{{Name: "darkroom_session", Value: session}}}},
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, width := range []int{darkroom.DefaultWidth, narrow} {
		params.Width = width
		job, err := c.BatchRequests(ctx, requests, params)
		if err == nil {
			job, err = c.Wait(ctx, job.ID, nil)
		}
		if err != nil {
			return err
		}
		for result, err := range c.Results(ctx, job.ID, client.ResultParams{}) {
			if err != nil {
				return err
			}
			if !result.Success {
				return fmt.Errorf("%s: %s %s", result.URL, result.ErrorCode, *result.Error)
			}
			picture, err := c.Picture(ctx, job.ID, result.Index, darkroom.ViewImage)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s-%d.webp", names[result.URL], width)
			if err := os.WriteFile(filepath.Join(folder, name), picture, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
