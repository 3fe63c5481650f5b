package store

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"

	"darkroom"
)

// taken claims everything there is and gives what each capture was to be.
func (f *fixture) taken() (claims []darkroom.Claim) {
	f.t.Helper()
	for {
		claim, ok, err := f.Claim(f.t.Context(), instance, Hint{})
		if !must(f.t, ok, err) {
			slices.SortFunc(claims, func(a, b darkroom.Claim) int { return a.Ordinal - b.Ordinal })
			return claims
		}
		if !claim.Cached {
			f.end(claim, success(claim))
		}
		claims = append(claims, claim)
		f.audit()
	}
}

func TestOptionSetsLieOverTheJobs(t *testing.T) {
	f := newFixture(t, 1)
	pages := targets(3, 1)
	pages[1].Set, pages[2].Set = 1, 2
	job := f.submit(NewJob{
		Targets: pages,
		Options: darkroom.Options{
			Width: 800, FullPage: true, Delay: 500, FailOnStatus: []string{"5xx"},
			Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "job"}},
		},
		Sets: []darkroom.OptionSet{
			setOf(t, `{"full_page":false,"delay":0,"width":1000,"fail_on_status":[],"headers":{"X-B":"canary-url"}}`),
			setOf(t, `{"cookies":[{"name":"a","value":"b"}]}`),
		},
		Variants: variantsOf(t, `{}`, `{"width":390,"headers":{}}`),
	})
	if job.Progress.Total != 6 || job.Variants != 2 || job.URLs() != 3 {
		t.Errorf("accepted %+v", job)
	}
	base := darkroom.Options{
		Width: 800, FullPage: true, Delay: 500, FailOnStatus: []string{"5xx"},
		Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "job"}},
	}
	second := darkroom.Options{Width: 1000, FailOnStatus: []string{}, Secrets: darkroom.Secrets{Headers: map[string]string{"X-B": "canary-url"}}}
	third := base
	third.Cookies = []darkroom.Cookie{{Name: "a", Value: "b"}}
	narrow := func(o darkroom.Options) darkroom.Options {
		o.Width, o.Headers = 390, map[string]string{}
		return o
	}
	want := []darkroom.Options{base, narrow(base), second, narrow(second), third, narrow(third)}
	for i, claim := range f.taken() {
		if claim.URL != pages[i/2].URL || !reflect.DeepEqual(claim.Options, want[i]) {
			t.Errorf("capture %d of %s has %+v, want %+v", claim.Ordinal, claim.URL, claim.Options, want[i])
		}
	}
	var names []string
	for _, capture := range f.captures(job.ID) {
		names = append(names, capture.Variant)
	}
	if fmt.Sprint(names) != "[v1 v2 v1 v2 v1 v2]" {
		t.Errorf("variants %v", names)
	}
}

// A set's secrets are like the job's: unreadable at rest, gone at its end.
func TestSecretsOfSetsAreSealedAndWiped(t *testing.T) {
	f := newLiteFixture(t, 1)
	pages := targets(1, 1)
	pages[0].Set = 1
	job := f.submit(NewJob{
		Targets: pages, Sets: []darkroom.OptionSet{setOf(t, `{"width":777,"headers":{"X-Key":"canary-of-a-url"}}`)},
		Variants: variantsOf(t, `{"basic_auth":{"username":"me","password":"canary-of-a-variant"}}`),
	})
	for _, file := range databaseFiles(t, f.config.Path) {
		content, err := os.ReadFile(file)
		for _, canary := range []string{"canary-of-a-url", "canary-of-a-variant"} {
			if bytes.Contains(must(t, content, err), []byte(canary)) {
				t.Errorf("%s is readable in %s", canary, file)
			}
		}
	}
	claims := f.taken()
	if got := claims[0].Options; got.Headers["X-Key"] != "canary-of-a-url" || got.BasicAuth.Password != "canary-of-a-variant" || got.Width != 777 {
		t.Errorf("claimed with %+v", got)
	}
	if n := f.number(`SELECT count(*) FROM option_sets WHERE secrets <> ''`); n != 2 {
		t.Errorf("%d sealed sets", n)
	}
	f.finish(job.ID)
	f.audit()
	if n := f.number(`SELECT count(*) FROM option_sets WHERE secrets <> ''`); n != 0 {
		t.Errorf("%d sealed sets after the end", n)
	}
}

func TestASealedSetOfAnotherPlaceDoesNotOpen(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1), Variants: variantsOf(t, `{"headers":{"X-A":"first"}}`, `{"headers":{"X-A":"second"}}`)})
	f.exec(`UPDATE option_sets SET secrets = (SELECT o.secrets FROM option_sets o WHERE o.number = 2) WHERE number = 1`)
	if claim, _, err := f.Claim(t.Context(), instance, Hint{}); err == nil {
		t.Errorf("claimed with %+v", claim.Options)
	}
}

func TestEveryPageOfASitemapIsThereInEveryVariant(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Crawl: crawlOf(5), Variants: variantsOf(t, `{}`, `{"dark_mode":true}`, `{"full_page":true}`)})
	f.add(job, 2)
	f.audit()
	now := f.add(job, 3)
	f.audit()
	if now.Progress.Total != 15 || now.URLs() != 5 {
		t.Errorf("progress %+v", now.Progress)
	}
	urls, err := f.TargetURLs(t.Context(), job.ID)
	if len(must(t, urls, err)) != 5 {
		t.Errorf("URLs %v", urls)
	}
	if _, err := f.AddTargets(t.Context(), job.ID, 5, targets(6, 1)[5:], darkroom.Discovery{}); err == nil {
		t.Error("a sixth page was added")
	}
	f.endDiscovery(job, nil)
	for i, claim := range f.taken() {
		dark, full := i%3 == 1, i%3 == 2
		if claim.Ordinal != i+1 || claim.Options.DarkMode != dark || claim.Options.FullPage != full {
			t.Errorf("capture %d has %+v", claim.Ordinal, claim.Options)
		}
	}
	if ended := f.finish(job.ID); ended.Progress.Completed != 15 {
		t.Errorf("ended with %+v", ended.Progress)
	}
	usage, err := f.Usage(t.Context(), f.key.ID, f.clock.now, f.clock.now)
	if must(t, usage, err).Screenshots != 15 {
		t.Errorf("usage %+v", usage)
	}
}
