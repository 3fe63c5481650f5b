package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"darkroom"
)

// fieldsOf reads a body that may be missing.
func (s *server) fieldsOf(w http.ResponseWriter, r *http.Request) (fields, error) {
	if r.ContentLength == 0 {
		return fields{}, nil
	}
	body, err := s.readBody(w, r)
	if err != nil {
		return nil, err
	}
	return fieldsOfBody(body)
}

// nothingElse refuses what nobody took. Routes for keys are ours alone, so no
// published client sends them more than they know; and a limit with a typing
// error must not be a key without that limit.
func (f fields) nothingElse() error {
	if len(f) == 0 {
		return nil
	}
	name := cut(slices.Min(slices.Collect(maps.Keys(f))))
	return darkroom.Invalid(name, "unknown parameter %q", name)
}

// grant gives what a new key may do.
func (f fields) grant() (darkroom.Grant, error) {
	grant := darkroom.DefaultGrant()
	words, err := f.list("scopes", len(darkroom.Scopes()), darkroom.MaxNameBytes)
	if err != nil {
		return grant, err
	}
	if len(words) > 0 {
		grant.Scopes = nil
	}
	for _, word := range words {
		grant.Scopes = append(grant.Scopes, darkroom.Scope(word))
	}
	if grant.Limits, err = f.keyLimits(); err != nil {
		return grant, err
	}
	return grant, grant.Validate()
}

func (f fields) keyLimits() (limits darkroom.KeyLimits, err error) {
	raw := f.take("limits")
	if raw == nil || asksForNothing(raw) {
		return limits, nil
	}
	var members fields
	if err := json.Unmarshal(raw, &members); err != nil {
		return limits, darkroom.Invalid("limits", `limits must be an object such as {"requests_per_minute": 60}`)
	}
	for name, value := range members {
		f["limits."+name] = value
	}
	for _, limit := range darkroom.KeyLimitTable() {
		if *limit.In(&limits), err = f.integer("limits."+limit.Name, " "+limit.Unit, 1, limit.Most); err != nil {
			return limits, err
		}
	}
	return limits, nil
}

// grace gives how long a former secret works; what is not said is the default,
// and 0 is 0.
func (f fields) grace() (time.Duration, error) {
	if raw := f["grace"]; len(raw) == 0 || string(raw) == "null" {
		delete(f, "grace")
		return darkroom.DefaultRotationGrace, nil
	}
	seconds, err := f.integer("grace", " s", 1, int(darkroom.MaxRotationGrace/time.Second))
	return time.Duration(seconds) * time.Second, err
}
