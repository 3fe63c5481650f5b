package api

import (
	"net/http"
	"reflect"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

func listResultsDoc() operation {
	return operation{
		id: "listResults", summary: "Look at the captures of a job", tag: "Jobs",
		about: "Every capture by index, as index.json has it, with its state, the evidence and where its pictures are; also while the job runs. " +
			"When the results have expired, the rows stay without evidence and pictures.",
		params: []*huma.Param{
			idParam(),
			query("cursor", "The next_cursor of the page before.", text("", maxCursorBytes)),
			query("limit", "Captures per page; 0 means the default, more than the most means the most.",
				integer("", 0, darkroom.MaxResultLimit, darkroom.DefaultResultLimit)),
			query("state", "Only captures in this state.", enumeration("", darkroom.CaptureStates()...)),
		},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.ResultsAnswer](),
		errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

const maxCursorBytes = 20

func imageDoc() operation {
	return viewDoc("getCaptureImage", "The picture of a capture", "The bytes that the archive has, as soon as the capture has ended.", imageTypes())
}

func thumbnailDoc() operation {
	return viewDoc("getCaptureThumbnail", "A small picture of a capture",
		"It shows the picture's whole width and the upper part. It is made when it is first asked for; that of a pdf shows the window and is made with it.",
		[]string{"image/jpeg"})
}

func lastFrameDoc() operation {
	return viewDoc("getCaptureLastFrame", "What a page showed when its capture failed",
		"Of the last attempt; not every page can still be looked at.", []string{"image/jpeg"})
}

func viewDoc(id, summary, about string, media []string) operation {
	return operation{
		id: id, summary: summary, tag: "Jobs",
		about: about + " The ETag is the SHA-256 of the bytes. The links of …/results may be kept until the job expires.",
		params: []*huma.Param{
			idParam(),
			{
				Name: "index", In: "path", Required: true, Description: "Of the capture, from 1.",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)},
			},
			query("v", "The beginning of the picture's SHA-256, as links have it: the answer may then be kept also while the job runs.", text("", maxVersionBytes)),
			header("Range", "Up to 16 byte ranges, such as bytes=1000-."),
			header("If-Range", "Send the range only if the picture still has this ETag, all of it otherwise."),
			header("If-None-Match", "Answer 304 if the picture has this ETag."),
		},
		status: http.StatusOK, media: media,
		also: map[int]string{
			http.StatusPartialContent: "The ranges that were asked for.",
			http.StatusNotModified:    "The picture is the one that If-None-Match names.",
		},
		errors: []int{
			http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed,
			http.StatusRequestedRangeNotSatisfiable, http.StatusInternalServerError, http.StatusServiceUnavailable,
		},
	}
}

const maxVersionBytes = 64

func refineResults(schemas map[string]*huma.Schema) {
	schemas["Results"].Properties["results"].Nullable = false
	schemas["Results"].Properties["status"] = enumeration("", darkroom.JobStatuses()...)
	schemas["Results"].Properties["next_cursor"].Description = "Null on the last page, as far as the captures are known."
	result := schemas["Result"].Properties
	result["state"] = enumeration("", darkroom.CaptureStates()...)
	result["warnings"].Nullable = false
	result["error"].Description = "Of a capture that has not ended, why its last attempt failed."
	result["filename"].Description = "In the archive; null without a picture, and while more captures may be found."
	orNull(result, "evidence", schemas["Evidence"], "Of a failure always, else with the option evidence; null without, and when the results have expired.")
	delete(schemas, "Evidence")
	for _, name := range []string{"image_url", "thumbnail_url", "last_frame_url"} {
		result[name].Description = "Relative to the server; null while there is nothing at it. Its content never changes."
	}
}
