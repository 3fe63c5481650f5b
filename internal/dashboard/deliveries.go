package dashboard

import (
	"net/http"

	"darkroom"
	"darkroom/internal/store"
)

type deliveryRow struct {
	darkroom.Delivery

	Log []darkroom.DeliveryAttempt
}

type deliveriesPage struct {
	Rows   []deliveryRow
	State  string
	States []darkroom.DeliveryState
	More   string // id to go on behind; "" = this is the last page
}

func (d *Dashboard) deliveries(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	query := r.URL.Query()
	shown := deliveriesPage{
		State: query.Get("state"), States: []darkroom.DeliveryState{darkroom.DeliveryPending, darkroom.DeliveryDelivered, darkroom.DeliveryFailed},
	}
	page, more, err := d.Store.DeliveriesOf(r.Context(), key.ID, store.DeliveryFilter{State: darkroom.DeliveryState(shown.State), Before: query.Get("before")})
	if err != nil {
		return err
	}
	for _, one := range page {
		attempts, err := d.Store.Attempts(r.Context(), one.ID)
		if err != nil {
			return err
		}
		shown.Rows = append(shown.Rows, deliveryRow{one, attempts})
	}
	if more {
		shown.More = page[len(page)-1].ID
	}
	return d.show(w, r, key, http.StatusOK, "deliveries", view{Title: "Deliveries", Tab: "deliveries", Live: "/events", Data: shown})
}

func (d *Dashboard) redeliver(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	if !key.Allows(darkroom.ScopeCreate) {
		return darkroom.Errorf(darkroom.CodeForbidden, "This needs a key with the scope %s", darkroom.ScopeCreate)
	}
	if _, err := d.Store.Redeliver(r.Context(), key.ID, r.PathValue("id")); err != nil {
		return err
	}
	return d.see(w, r, "/deliveries?said=redeliver")
}
