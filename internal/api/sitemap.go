package api

import (
	"net/http"

	"darkroom"
	"darkroom/internal/store"
)

// sitemapRequest is a request for a sitemap job, or with plan for what such a
// job would capture.
type sitemapRequest struct {
	job      store.NewJob
	plan     bool
	warnings []string
}

// createSitemap accepts a sitemap to be read and captured as one job, or
// refuses it. The sitemap is not read before the answer, except for a plan.
func (s *server) createSitemap(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	request, err := s.decodeSitemap(r.Header, key, body)
	if err != nil {
		return err
	}
	if request.plan {
		plan, err := s.plan(r.Context(), request)
		if err != nil {
			return err
		}
		return streamJSON(w, http.StatusOK, plan)
	}
	answer, err := s.accept(r, key, request.job, body, request.warnings)
	if err != nil {
		return err
	}
	return answer.write(w)
}

func (s *server) decodeSitemap(header http.Header, key darkroom.APIKey, body []byte) (request sitemapRequest, err error) {
	f, err := fieldsOfBody(body)
	if err != nil {
		return request, err
	}
	request.job = store.NewJob{Kind: darkroom.KindSitemap, Deadline: s.Limits.JobDeadline}
	if request.job.Crawl, err = s.crawl(f, s.pagesOf(key)); err != nil {
		return request, err
	}
	if request.plan, err = f.boolean("plan", false); err != nil {
		return request, err
	}
	if err := s.decodeOptions(f, &request.job); err != nil {
		return request, err
	}
	if err := checkCaptures(request.job.Crawl.MaxPages, len(request.job.Variants)); err != nil {
		return request, err
	}
	if err := s.decodeJobFields(f, &request.job); err != nil {
		return request, err
	}
	request.warnings, err = f.unknown(header, append(jobFieldNames(), crawlFieldNames()...)...)
	return request, err
}
