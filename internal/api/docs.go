package api

import (
	"net/http"
	"reflect"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

// What any route that reads a body, or asks the store, may answer.
func badBodies() []int {
	return []int{
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusServiceUnavailable,
	}
}

func createBatchDoc() operation {
	return operation{
		id: "createBatch", summary: "Capture a list of URLs", tag: "Jobs",
		about: "Accepts the whole list as one job, or refuses it as a whole: a URL that may not be captured by its text alone is a 400, " +
			"and details names every one. What needs a look-up to be known is a failed capture. No page is opened before the answer.",
		params: []*huma.Param{idempotencyParam(), strictParam()},
		body:   batchSchema,
		status: http.StatusAccepted, answer: reflect.TypeFor[darkroom.JobAnswer](),
		errors: append(badBodies(), http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusInsufficientStorage),
	}
}

func createBatchAliasDoc() operation {
	doc := createBatchDoc()
	doc.id, doc.summary = "createBatchScreenshot", "The same as POST /v1/batch"
	doc.about = "One published client posts here."
	return doc
}

func createSitemapDoc() operation {
	return operation{
		id: "createSitemap", summary: "Capture the pages that a sitemap lists", tag: "Jobs",
		about: "Accepts the sitemap as one job, or refuses the request as a whole. The sitemap is read after the answer: that it cannot be read " +
			"is a job that ends failed and says why. With plan it is read before the answer, which then tells what such a job would capture; nothing is created.",
		params: []*huma.Param{idempotencyParam(), strictParam()},
		body:   sitemapSchema,
		status: http.StatusAccepted, answer: reflect.TypeFor[darkroom.JobAnswer](),
		second: &goodAnswer{http.StatusOK, "With plan.", reflect.TypeFor[darkroom.PlanAnswer]()},
		errors: append(badBodies(), http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
			http.StatusInsufficientStorage, http.StatusGatewayTimeout),
	}
}

func createSitemapAliasDoc() operation {
	doc := createSitemapDoc()
	doc.id, doc.summary = "createSitemapCrawl", "The same as POST /v1/sitemap"
	doc.about = "Where it is documented so, max_pages is called max_urls. Both routes know both names."
	return doc
}

func listJobsDoc() operation {
	return operation{
		id: "listJobs", summary: "List jobs, newest first", tag: "Jobs",
		params: []*huma.Param{
			query("status", "Only jobs in this status.", enumeration("", darkroom.JobStatuses()...)),
			query("limit", "Jobs per page; 0 means the default, more than the most means the most.",
				integer("", 0, darkroom.MaxListLimit, darkroom.DefaultListLimit)),
			query("offset", "Jobs to leave out at the beginning.", &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Default: 0}),
			query("type", "Only jobs of this kind.", enumeration("", darkroom.KindBatch, darkroom.KindSitemap)),
			query("tag", "Only jobs with this tag.", text("", darkroom.MaxTagBytes)),
			query("q", "Only jobs whose name or id has this text, whatever its case.", text("", darkroom.MaxNameBytes)),
			query("created_after", "Only jobs created at this moment or later.", momentSchema()),
			query("created_before", "Only jobs created before this moment.", momentSchema()),
		},
		status: http.StatusOK, answer: reflect.TypeFor[ListAnswer](),
		errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}
}

func getJobDoc() operation {
	return operation{
		id: "getJob", summary: "Look at a job", tag: "Jobs",
		params: []*huma.Param{idParam(), query("wait",
			"Answer when the job has ended, or after this many seconds; more than the most means the most.",
			integer("", 0, int(darkroom.MaxWait.Seconds()), 0))},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.JobAnswer](),
		errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func downloadDoc() operation {
	return operation{
		id: "downloadJob", summary: "Download the results as a ZIP", tag: "Jobs",
		about: "Available for completed and partial jobs until they expire. One image per success, index.json with one entry per capture, and index.html. " +
			"The archive is never built: it begins at once, has its exact length and a strong ETag, and any range of it can be had.",
		params: []*huma.Param{
			idParam(),
			query("partial", "While the job runs, send what is there: the pictures so far, and an index.json of the captures that have ended. "+
				"It has an ETag of its own, which changes with each further capture. 409 before the first picture.", boolean("", false)),
			header("Range", "Up to 16 byte ranges, such as bytes=1000-."),
			header("If-Range", "Send the range only if the archive still has this ETag, all of it otherwise."),
			header("If-None-Match", "Answer 304 if the archive has this ETag."),
		},
		status: http.StatusOK, media: []string{"application/zip"},
		also: map[int]string{
			http.StatusPartialContent: "The ranges that were asked for.",
			http.StatusNotModified:    "The archive is the one that If-None-Match names.",
		},
		errors: []int{
			http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed,
			http.StatusRequestedRangeNotSatisfiable, http.StatusInternalServerError, http.StatusServiceUnavailable,
		},
	}
}

func screenshotByQueryDoc() operation {
	return operation{
		id: "getScreenshot", summary: "Capture one page now", tag: "Screenshots", costly: true,
		about:  screenshotAbout,
		params: append(queryParams(), strictParam()),
		status: http.StatusOK, media: imageTypes(),
		errors: []int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
	}
}

func screenshotByBodyDoc() operation {
	doc := screenshotByQueryDoc()
	doc.id, doc.summary = "createScreenshot", "Capture one page now, options as JSON"
	doc.params, doc.body = []*huma.Param{strictParam()}, screenshotSchema
	doc.errors = append(badBodies(), http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusGatewayTimeout)
	return doc
}

const screenshotAbout = "The image is the body of the answer. What is known of the page stands in the headers X-Darkroom-Width, " +
	"X-Darkroom-Height, X-Darkroom-Http-Status, X-Darkroom-Final-Url, X-Darkroom-Blocked and X-Darkroom-Warning, and of a deterministic " +
	"picture in X-Darkroom-Pixel-Hash and X-Darkroom-Stable. A failed capture is a 422 with error_code; " +
	"a page whose time is up is a 504."

func imageTypes() []string {
	format, _ := darkroom.FindOption("format")
	types := make([]string, 0, len(format.Enum))
	for _, name := range format.Enum {
		types = append(types, darkroom.Options{Format: name}.ContentType())
	}
	return types
}

func devicesDoc() operation {
	return operation{
		id: "listDevices", summary: "List the presets of the device option", tag: "Screenshots",
		status: http.StatusOK, answer: reflect.TypeFor[DevicesAnswer](),
	}
}

func usageDoc() operation {
	return operation{
		id: "getUsage", summary: "What the key has used this month", tag: "Server",
		status: http.StatusOK, answer: reflect.TypeFor[UsageAnswer](), errors: []int{http.StatusServiceUnavailable},
	}
}

func healthDoc() operation {
	return operation{
		id: "getHealth", summary: "Version and uptime", tag: "Server",
		status: http.StatusOK, answer: reflect.TypeFor[HealthAnswer](),
	}
}

func statusDoc() operation {
	doc := healthDoc()
	doc.id, doc.summary = "getStatus", "The same as GET /health"
	return doc
}

func aliveDoc() operation {
	return operation{
		id: "getAlive", summary: "Whether the process serves", tag: "Server",
		status: http.StatusOK, answer: reflect.TypeFor[AliveAnswer](),
	}
}

func readyDoc() operation {
	return operation{
		id: "getReady", summary: "Whether the server can take and do work", tag: "Server",
		params: []*huma.Param{query("verbose", "Tell the parts; needs a key.", &huma.Schema{Type: huma.TypeString})},
		status: http.StatusOK, answer: reflect.TypeFor[ReadyAnswer](), errors: []int{http.StatusServiceUnavailable},
	}
}

func metricsDoc() operation {
	return operation{
		id: "getMetrics", summary: "Metrics of the server", tag: "Server",
		about:  "In the text format of Prometheus, of all keys together. docs/metrics.md lists them.",
		status: http.StatusOK, media: []string{"text/plain"}, errors: []int{http.StatusNotFound},
	}
}

func messageDoc() operation {
	return operation{
		id: "sendMessage", summary: "A message of the Model Context Protocol", tag: "Agents",
		about: "The streamable HTTP transport: one JSON-RPC message, answered at once and without a session. " +
			"What its tools do is done as requests of the same key, each of which counts. docs/mcp.md tells of the tools.",
		body:   messageSchema,
		status: http.StatusOK, answer: reflect.TypeFor[map[string]any](),
		also:   map[int]string{http.StatusAccepted: "A notification was taken."},
		errors: append(badBodies(), http.StatusNotFound),
	}
}

func openAPIDoc() operation {
	return operation{
		id: "getOpenAPI", summary: "This document", tag: "Server",
		status: http.StatusOK, answer: reflect.TypeFor[map[string]any](),
	}
}

func idParam() *huma.Param {
	return &huma.Param{
		Name: "id", In: "path", Required: true, Description: "The job's id.",
		Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"},
	}
}

func query(name, about string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: about, Schema: schema}
}

func header(name, about string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
}

func idempotencyParam() *huma.Param {
	param := header("Idempotency-Key", "The same key and body again give the same job, for 24 h; another body with it is a 422.")
	param.Schema = text("", darkroom.MaxIdempotencyKeyBytes)
	return param
}

func strictParam() *huma.Param {
	param := header(strictHeader, "1 refuses unknown names instead of warning about them.")
	param.Schema = enumeration("", "1")
	return param
}

func momentSchema() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "date-time"} }
