package dashboard

import (
	"errors"
	"net/http"

	"darkroom"
)

type systemPage struct {
	Ready  bool
	Checks []systemCheck
	Uptime int64
}

// systemCheck is one of the parts that /readyz tells of.
type systemCheck struct {
	Name    string
	OK      bool
	Message string
}

func (d *Dashboard) system(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	var shown systemPage
	var health struct{ Uptime int64 }
	if err := d.call(r.Context(), key, http.MethodGet, "/health", nil, &health); err != nil {
		return err
	}
	var ready struct{ Checks []systemCheck }
	err := d.call(r.Context(), key, http.MethodGet, "/readyz?verbose", nil, &ready)
	shown.Uptime, shown.Ready, shown.Checks = health.Uptime, err == nil, ready.Checks
	if failure, ok := errors.AsType[*darkroom.Error](err); ok {
		for _, detail := range failure.Details {
			shown.Checks = append(shown.Checks, systemCheck{Name: detail.Field, Message: detail.Message})
		}
	} else if err != nil {
		return err
	}
	return d.show(w, r, key, http.StatusOK, "system", view{Title: "System", Tab: "system", Data: shown})
}
