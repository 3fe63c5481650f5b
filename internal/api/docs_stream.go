package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func streamJobDoc() operation {
	return operation{
		id: "streamJob", summary: "Watch a job", tag: "Jobs", endless: true,
		about: "Server-sent events: a capture event for each capture that has changed, its data one entry of …/results, and then a job event with the job. " +
			"It begins with the job as it is, and ends after the job has ended. What changes within a quarter of a second is told together, and of what " +
			"changed more than once only the last. A reader that comes back with the last id in Last-Event-ID hears what it has missed, also from another " +
			"process of the server; some captures may come twice. One that has had everything gets a 204. A comment each 15 s says that the stream is alive; " +
			"a reader that does not take a message within 10 s is cut off.",
		params: append([]*huma.Param{idParam()}, cursorParams()...),
		status: http.StatusOK, media: []string{"text/event-stream"},
		also:   map[int]string{http.StatusNoContent: "The job has ended, and the reader knows."},
		errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func streamJobsDoc() operation {
	return operation{
		id: "streamJobs", summary: "Watch all jobs of the key", tag: "Jobs", endless: true,
		about: "As for one job, without its captures: a job event for each job that was created or has changed, from now on or from behind a cursor. " +
			"It does not end by itself. Of a job that was deleted nothing is told.",
		params: cursorParams(),
		status: http.StatusOK, media: []string{"text/event-stream"},
		errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}
}

func cursorParams() []*huma.Param {
	return []*huma.Param{
		query("cursor", "The id of an event, to hear what came after it; 0 = everything; empty = from now on.", text("", maxPlaceBytes)),
		header("Last-Event-ID", "The same; it goes before cursor, because browsers send it when they come back."),
	}
}

const maxPlaceBytes = 40
