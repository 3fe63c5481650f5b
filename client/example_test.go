package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"darkroom"
	"darkroom/client"
)

// exampleServer stands for `darkroom serve`.
func exampleServer() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/batch", answer(202, job("pending", 0)))
	mux.HandleFunc("GET /v1/jobs/{id}", answer(200, job("completed", 2)))
	mux.HandleFunc("GET /v1/jobs/{id}/download", script(answer(200, "PK…"), answer(410, failure(410, "expired"))))
	mux.HandleFunc("GET /v1/jobs", answer(200, `{"jobs":[`+job("completed", 2)+`],"total":1,"has_more":false}`))
	return httptest.NewServer(mux)
}

func Example() {
	server := exampleServer()
	defer server.Close()
	ctx := context.Background()

	c := client.New(server.URL, "sk_live_…")
	job, err := c.Batch(ctx, []string{"http://127.0.0.1:8485/", "http://127.0.0.1:8485/pricing"}, client.Params{
		Options: darkroom.Options{Format: "webp", FullPage: true},
		Name:    "nightly",
	})
	if err != nil {
		log.Fatal(err)
	}
	job, err = c.Wait(ctx, job.ID, func(job client.Job) {
		fmt.Printf("%d%%\n", job.Progress.Percentage)
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status)
	// Output:
	// 100%
	// completed
}

func ExampleClient_Jobs() {
	server := exampleServer()
	defer server.Close()
	c := client.New(server.URL, "sk_live_…")

	for job, err := range c.Jobs(context.Background(), client.ListParams{Status: darkroom.StatusCompleted}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.ID, job.Progress.Completed)
	}
	// Output: 3fa85f64-5717-4562-b3fc-2c963f66afa6 2
}

func ExampleClient_Download() {
	server := exampleServer()
	defer server.Close()
	ctx, id := context.Background(), "3fa85f64-5717-4562-b3fc-2c963f66afa6"

	c := client.New(server.URL, "sk_live_…")
	archive, err := c.Download(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	defer archive.Close()
	n, err := io.Copy(io.Discard, archive)
	fmt.Println(n == archive.Size, err)

	// A day later.
	_, err = c.Download(ctx, id)
	fmt.Println(errors.Is(err, client.ErrExpired))
	// Output:
	// true <nil>
	// true
}
