package dashboard

import (
	"net/http"
	"net/url"

	"darkroom"
)

// act does something to a run through the API, and shows the run that came of
// it.
func (d *Dashboard) act(verb string) page {
	return func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
		var job darkroom.JobAnswer
		path := darkroom.JobPath(url.PathEscape(r.PathValue("id"))) + "/" + verb
		if err := d.call(r.Context(), key, http.MethodPost, path, nil, &job); err != nil {
			return err
		}
		return d.see(w, r, "/jobs/"+job.ID+"?said="+verb)
	}
}

// askDelete shows what would go.
func (d *Dashboard) askDelete(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	var job darkroom.JobAnswer
	if err := d.call(r.Context(), key, http.MethodGet, darkroom.JobPath(url.PathEscape(r.PathValue("id"))), nil, &job); err != nil {
		return err
	}
	return d.show(w, r, key, http.StatusOK, "delete", view{Title: "Delete " + nameOf(job), Tab: "runs", Data: job})
}

func (d *Dashboard) deleteRun(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	if err := d.call(r.Context(), key, http.MethodDelete, darkroom.JobPath(url.PathEscape(r.PathValue("id"))), nil, nil); err != nil {
		return err
	}
	return d.see(w, r, "/?said=delete")
}
