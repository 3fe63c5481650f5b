package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/archive"
	"darkroom/internal/store"
)

// listResults gives the captures of a job one by one, also while it runs and
// when its pictures have expired.
func (s *server) listResults(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	filter, err := resultFilter(query)
	if err != nil {
		return reply{}, err
	}
	job, err := s.job(r, key.ID, r.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	page, more, err := s.Store.Results(r.Context(), job.ID, filter)
	if err != nil {
		return reply{}, unavailable(err)
	}
	list, err := s.lister(r.Context(), job)
	if err != nil {
		return reply{}, unavailable(err)
	}
	answer := darkroom.ResultsAnswer{JobID: job.ID, Status: job.Status, Results: make([]darkroom.ResultAnswer, 0, len(page))}
	for _, result := range page {
		answer.Results = append(answer.Results, list.answer(result))
	}
	if more {
		answer.NextCursor = new(strconv.Itoa(page[len(page)-1].Ordinal))
	}
	return reply{body: answer}, nil
}

func resultFilter(query url.Values) (filter store.ResultFilter, err error) {
	if filter.Limit, err = count(query, "limit"); err != nil {
		return filter, err
	}
	if filter.After, err = count(query, "cursor"); err != nil {
		return filter, darkroom.Invalid("cursor", "cursor must be the next_cursor of another page, or empty")
	}
	filter.State = darkroom.CaptureState(query.Get("state"))
	if filter.State != "" && !slices.Contains(darkroom.CaptureStates(), filter.State) {
		return filter, darkroom.Invalid("state", "state must be one of queued, running, completed, failed")
	}
	return filter, nil
}

// lister makes answers of the captures of one job.
type lister struct {
	job     darkroom.Job
	naming  archive.Naming
	named   bool // the names are those of the archive; more captures would change them
	shrinks bool // a thumbnail that is not there can be made
	files   map[string]bool
	expired bool
}

func (s *server) lister(ctx context.Context, job darkroom.Job) (list lister, err error) {
	list = lister{
		job: job, named: !job.Progress.Expanding, shrinks: s.Config.Thumbnail != nil,
		files: map[string]bool{}, expired: job.Expired(s.Now()),
	}
	if !list.named || list.expired {
		return list, nil
	}
	if list.naming, err = archive.NamingOf(job, s.Store.Addresses(ctx, job.ID)); err != nil || !job.Status.Terminal() {
		return list, err
	}
	files, err := s.Store.Files(ctx, job.ID)
	for _, file := range files {
		list.files[file.Name] = true
	}
	return list, err
}

func (l lister) answer(result store.Result) darkroom.ResultAnswer {
	entry := l.naming.Entry(result.Capture)
	answer := darkroom.ResultAnswer{CaptureReport: darkroom.CaptureReport{ManifestEntry: entry, State: result.State}}
	if l.expired {
		answer.Filename = nil
		return answer
	}
	answer.Evidence = result.Evidence
	if !l.named {
		answer.Filename = nil
	}
	if name := l.naming.FailureName(result.Capture, "json"); l.files[name] {
		answer.EvidenceFile = name
	}
	if name := l.naming.FailureName(result.Capture, "jpeg"); l.files[name] {
		answer.LastFrameFile = name
	}
	answer.ImageURL = l.link(result, darkroom.ViewImage, result.Result.Artifact)
	answer.LastFrameURL = l.link(result, darkroom.ViewLastFrame, result.LastFrame)
	if result.Thumbnail != "" || l.shrinks && shrinkable(result.Result.Artifact) {
		answer.ThumbnailURL = l.link(result, darkroom.ViewThumbnail, result.Result.Artifact)
	}
	return answer
}

// link is where a view of a capture is; nil without an artifact. The content's
// hash in it makes another content another path.
func (l lister) link(result store.Result, view darkroom.View, artifact darkroom.Artifact) *string {
	if artifact.Key == "" {
		return nil
	}
	return new(darkroom.ViewPath(l.job.ID, result.Ordinal, view) + "?v=" + version(artifact))
}

func version(artifact darkroom.Artifact) string {
	return artifact.SHA256[:min(16, len(artifact.SHA256))]
}

func shrinkable(picture darkroom.Artifact) bool {
	return strings.HasPrefix(picture.ContentType, "image/")
}

// keepable is how long a picture may be kept by whoever asked for it: as long
// as it will be here.
func keepable(job *darkroom.Job, now time.Time) string {
	const year = 365 * 24 * time.Hour
	left := min(max(job.LatestExpiry().Sub(now), 0), year)
	return "private, max-age=" + strconv.Itoa(int(left/time.Second)) + ", immutable"
}
