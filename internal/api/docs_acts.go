package api

import (
	"net/http"
	"reflect"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

func cancelJobDoc() operation {
	return operation{
		id: "cancelJob", summary: "End a job before its time", tag: "Jobs",
		about: "What is there stays; what is not yet captured fails with the code cancelled, and pages that are being captured are closed. " +
			"The answer is the job; it ends as partial or failed with cancelled true, its archive and its webhook follow as for every job. " +
			"Doing so again changes nothing. A job whose captures have all ended is a 409 conflict.",
		params: []*huma.Param{idParam()},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.JobAnswer](),
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}
}

func deleteJobDoc() operation {
	return operation{
		id: "deleteJob", summary: "Delete a job and its results", tag: "Jobs",
		about: "Whatever its state. What is being captured is stopped, and a webhook that was not delivered yet is not sent any more. " +
			"From the answer on everything of the job is a 404. Pictures that other jobs have too stay with them.",
		params: []*huma.Param{idParam()},
		status: http.StatusNoContent,
		errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func retryJobDoc() operation {
	return operation{
		id: "retryJob", summary: "Capture again what failed in a job", tag: "Jobs",
		about: "Makes a new job with the URLs, the options and the callback of the one that has ended (retry_of). What was good there is taken over, " +
			"so its archive is complete whatever becomes of the other job. A sitemap that was not read to its end is read again. " +
			"409 job_not_ready before the end of the job; 409 conflict when nothing failed that could be tried again, or the job had headers, " +
			"cookies or other secrets, which are wiped at its end; 410 after the results have expired.",
		params: []*huma.Param{idParam(), idempotencyParam()},
		status: http.StatusAccepted, answer: reflect.TypeFor[darkroom.JobAnswer](),
		errors: []int{
			http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity,
			http.StatusServiceUnavailable, http.StatusInsufficientStorage,
		},
	}
}

func keepJobDoc() operation {
	return operation{
		id: "keepJob", summary: "Keep the results of a job longer",
		about: "They expire as late as those of a job that ends now would: the server's --retention from now. It may be done again until they have expired. " +
			"409 job_not_ready before the end of the job; 410 after the results have expired.",
		tag: "Jobs", params: []*huma.Param{idParam()},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.JobAnswer](),
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusServiceUnavailable},
	}
}
