package chrome

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// remembered is a storage state with a token for the origin.
func remembered(origin, token string) *darkroom.StorageState {
	return &darkroom.StorageState{Origins: []darkroom.StateOrigin{{
		Origin: origin, LocalStorage: []darkroom.StateItem{{Name: "token", Value: token}, {Name: "quotes", Value: `"'</script>` + "\u2028\\"}},
	}}}
}

func TestStorageState(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	with := func(state *darkroom.StorageState) darkroom.Options {
		return darkroom.Options{Secrets: darkroom.Secrets{StorageState: state}}
	}
	const token = "String(localStorage.token)"
	if got := r.fact(token, with(remembered(r.url, "t0"))); got != "t0" {
		t.Errorf("the page's first script finds %q", got)
	}
	// As numbers, because a title does not repeat what was given in confidence.
	if got := r.fact("Array.from(localStorage.quotes, c => c.charCodeAt()).join(' ')", with(remembered(r.url+"/", "t0"))); got != "34 39 60 47 115 99 114 105 112 116 62 8232 92" {
		t.Errorf("odd characters arrive as %q", got)
	}
	if got := r.fact(token, darkroom.Options{}); got != "undefined" {
		t.Errorf("the next capture finds %q", got)
	}
	shot := r.good("/fact?of="+url.QueryEscape(token), with(remembered(r.other, "t0")))
	if shot.Title != "undefined" {
		t.Errorf("another origin finds %q", shot.Title)
	}
	wantWarning(t, shot, "storage_state: the local storage of 1 other origins was left out")
	if shot := r.good("/redirect?to="+url.QueryEscape(r.other+"/fact?of="+url.QueryEscape(token)), with(remembered(r.url, "t0"))); shot.Title != "undefined" {
		t.Errorf("behind a redirect %q is found", shot.Title)
	}
	// By way of another origin, and back.
	back := url.QueryEscape(r.other + "/js-redirect?to=" + url.QueryEscape(r.url+"/fact?of="+url.QueryEscape(token)))
	if shot := r.good("/redirect?to="+back, with(remembered(r.url, "t0"))); shot.Title != "t0" {
		t.Errorf("after a detour %q is found", shot.Title)
	}
	// A page that throws its session away must not find it again.
	if shot := r.good("/signs-out", with(remembered(r.url, "t0"))); shot.Title != "signed out" || len(r.site.Visits("/signs-out")) != 2 {
		t.Errorf("the page is %q after %d visits", shot.Title, len(r.site.Visits("/signs-out")))
	}
}

func TestStorageStateCookies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := float64(time.Now().Unix())
	state := &darkroom.StorageState{Cookies: []darkroom.StateCookie{
		{Name: "session", Value: "1", Domain: "127.0.0.1", Path: "/", Expires: -1, HTTPOnly: true, SameSite: "Lax"},
		{Name: "lasting", Value: "2", Domain: "127.0.0.1", Expires: now + 3600.5, SameSite: "Strict"},
		{Name: "old", Value: "3", Domain: "127.0.0.1", Path: "/", Expires: now - 3600},
		{Name: "foreign", Value: "4", Domain: ".example.com", Path: "/"},
		{Name: "above", Value: "5", Domain: "0.0.1", Path: "/"},
		{Name: "deep", Value: "6", Domain: "127.0.0.1", Path: "/elsewhere"},
		{Name: "secure", Value: "7", Domain: "127.0.0.1", Path: "/", Secure: true, SameSite: "None"},
	}}
	shot := r.good("/fact?of=document.cookie", darkroom.Options{Secrets: darkroom.Secrets{StorageState: state}})
	sent := r.site.Visits("/fact")[0].Header.Get("Cookie")
	for cookie, want := range map[string]bool{
		"session=1": true, "lasting=2": true, "old=3": false, "foreign=4": false, "above=5": false, "deep=6": false, "secure=7": true, // loopback counts as secure
	} {
		if strings.Contains(sent, cookie) != want {
			t.Errorf("Cookie is %q; %s in it should be %v", sent, cookie, want)
		}
	}
	if shot.Title != "lasting=2; secure=7" {
		t.Errorf("scripts see %q: httpOnly was lost", shot.Title)
	}
	wantWarning(t, shot, "storage_state: 2 cookies of other sites were left out")
	r.good("/colour/00f", darkroom.Options{})
	if sent := r.site.Visits("/colour/00f")[0].Header.Get("Cookie"); sent != "" {
		t.Errorf("the next capture sends Cookie %q", sent)
	}
}

func TestReaches(t *testing.T) {
	for _, row := range []struct {
		domain, host string
		want         bool
	}{
		{"example.com", "example.com", true},
		{"example.com", "www.example.com", false},
		{".example.com", "example.com", true},
		{".example.com", "WWW.example.com", true},
		{"Example.com", "example.com", true},
		{".com", "example.com", true}, // the browser refuses it
		{".ample.com", "example.com", false},
		{".0.0.1", "127.0.0.1", false},
	} {
		if got := reaches(row.domain, row.host); got != row.want {
			t.Errorf("a cookie of %s reaches %s: %v", row.domain, row.host, got)
		}
	}
}
