package dashboard

import (
	"net/http"
	"net/url"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

// keyRow is a key with what it has used in the last thirty days.
type keyRow struct {
	darkroom.APIKey

	Usage    store.Usage
	LastUsed time.Time // its day, UTC; zero = never
}

type keysPage struct {
	Own  keyRow
	Keys []keyRow // of others too, for who looks after keys

	// Of a key just made or rotated; shown once.
	Name, Secret, WebhookSecret string
}

const usageDays = 30

func (d *Dashboard) keys(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	return d.showKeys(w, r, key, keysPage{})
}

func (d *Dashboard) showKeys(w http.ResponseWriter, r *http.Request, key darkroom.APIKey, shown keysPage) (err error) {
	if shown.Own, err = d.keyRow(r, key); err != nil {
		return err
	}
	if key.Allows(darkroom.ScopeAdmin) {
		all, err := d.Store.Keys(r.Context())
		if err != nil {
			return err
		}
		for _, one := range all {
			row, err := d.keyRow(r, one)
			if err != nil {
				return err
			}
			shown.Keys = append(shown.Keys, row)
		}
	}
	return d.show(w, r, key, http.StatusOK, "keys", view{Title: "Keys and usage", Tab: "keys", Data: shown})
}

func (d *Dashboard) keyRow(r *http.Request, key darkroom.APIKey) (keyRow, error) {
	now := d.Now()
	usage, err := d.Store.Usage(r.Context(), key.ID, now.Add(-usageDays*24*time.Hour), now.Add(time.Hour))
	if err != nil {
		return keyRow{}, err
	}
	last, err := d.Store.LastUsed(r.Context(), key.ID)
	return keyRow{key, usage, last}, err
}

// madeKey is what the API answers of a key with its secrets.
type madeKey struct {
	Name          string
	Key           string
	WebhookSecret string `json:"webhook_secret"`
}

func (d *Dashboard) createKey(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	scopes := r.PostForm["scope"]
	if len(scopes) == 0 {
		return badForm("Tick at least one thing that the key may do")
	}
	var made madeKey
	body := map[string]any{"name": r.PostForm.Get("name"), "scopes": scopes}
	if err := d.call(r.Context(), key, http.MethodPost, "/v1/keys", body, &made); err != nil {
		return err
	}
	return d.showKeys(w, r, key, keysPage{Name: made.Name, Secret: made.Key, WebhookSecret: made.WebhookSecret})
}

func (d *Dashboard) rotateKey(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	var made madeKey
	path := "/v1/keys/" + url.PathEscape(r.PathValue("id")) + "/rotate"
	if err := d.call(r.Context(), key, http.MethodPost, path, map[string]any{}, &made); err != nil {
		return err
	}
	return d.showKeys(w, r, key, keysPage{Name: made.Name, Secret: made.Key, WebhookSecret: made.WebhookSecret})
}

func (d *Dashboard) revokeKey(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	if err := d.call(r.Context(), key, http.MethodDelete, "/v1/keys/"+url.PathEscape(r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return d.see(w, r, "/keys?said=revoke")
}
