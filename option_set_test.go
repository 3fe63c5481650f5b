package darkroom_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"darkroom"
)

func setOf(t *testing.T, text string) darkroom.OptionSet {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		t.Fatal(err)
	}
	set := darkroom.OptionSet{}
	for name, raw := range members {
		option, ok := darkroom.FindOption(name)
		if !ok {
			t.Fatalf("no option %s", name)
		}
		if err := set.Set(option, raw); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

func over(t *testing.T, base darkroom.Options, set darkroom.OptionSet) darkroom.Options {
	t.Helper()
	options, err := set.Over(base)
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func TestASetLiesOverOptions(t *testing.T) {
	base := darkroom.Options{
		Width: 800, FullPage: true, Delay: 100, Device: "iPhone 14", HideSelectors: []string{"#a"}, FailOnStatus: []string{"5xx"},
		Clip: &darkroom.Clip{Width: 1, Height: 2}, Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "b"}},
	}
	for _, test := range []struct {
		name, set string
		want      func(*darkroom.Options)
	}{
		{"nothing", `{}`, func(*darkroom.Options) {}},
		{"null", `{"width": null, "headers": null}`, func(*darkroom.Options) {}},
		{"false", `{"full_page": "false"}`, func(o *darkroom.Options) { o.FullPage = false }},
		{"zero", `{"delay": 0, "width": "0"}`, func(o *darkroom.Options) { o.Delay, o.Width = 0, 0 }},
		{"empty text", `{"device": ""}`, func(o *darkroom.Options) { o.Device = "" }},
		{"a part of an object", `{"clip": {"x": 5}}`, func(o *darkroom.Options) { o.Clip = &darkroom.Clip{X: 5} }},
		{"a shorter list", `{"hide_selectors": []}`, func(o *darkroom.Options) { o.HideSelectors = []string{} }},
		{"no status", `{"fail_on_status": []}`, func(o *darkroom.Options) { o.FailOnStatus = []string{} }},
		{"other headers", `{"headers": {"X-B": "c"}}`, func(o *darkroom.Options) { o.Headers = map[string]string{"X-B": "c"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := base
			test.want(&want)
			clear, secret := setOf(t, test.set).Split()
			if got := over(t, over(t, base, clear), secret); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
			if base.Headers["X-A"] != "b" || len(base.Headers) != 1 || *base.Clip != (darkroom.Clip{Width: 1, Height: 2}) {
				t.Errorf("what lies below was changed: %+v", base)
			}
		})
	}
}

// What is spelt otherwise and means the same is one set.
func TestEqualSetsHaveTheSameJSON(t *testing.T) {
	one, err := json.Marshal(setOf(t, `{"width": 800.0, "full_page": "yes", "hide_selectors": "a, b", "format": " PNG "}`))
	other, otherErr := json.Marshal(setOf(t, `{"format": "png", "hide_selectors": ["a","b"], "full_page": true, "width": "800"}`))
	if err != nil || otherErr != nil || string(one) != string(other) {
		t.Errorf("%s\n%s", one, other)
	}
}

func TestSecretOptionsAreKnown(t *testing.T) {
	var secret []string
	for _, option := range darkroom.OptionTable() {
		if option.Secret() {
			secret = append(secret, option.Name)
		}
	}
	slices.Sort(secret)
	if got := strings.Join(secret, " "); got != "basic_auth cookies headers proxy storage_state" {
		t.Errorf("secret: %s", got)
	}
}

// Two captures that differ in any option have different pictures; only what
// says how hard it is tried does not count, and no secret is ever shared.
func TestEveryOptionTellsPicturesApart(t *testing.T) {
	values := map[darkroom.OptionKind]string{
		darkroom.OptionInteger: `7`, darkroom.OptionBoolean: `true`, darkroom.OptionText: `"other"`, darkroom.OptionTexts: `["404"]`,
	}
	objects := map[string]string{
		"clip": `{"x":1}`, "geolocation": `{"latitude":1}`, "headers": `{"a":"b"}`, "cookies": `[{"name":"a","value":"b"}]`,
		"basic_auth": `{"username":"a"}`, "storage_state": `{"origins":[]}`,
	}
	const url = "https://a.example/"
	plain, _ := darkroom.Options{}.CacheKey("key", url)
	for _, option := range darkroom.OptionTable() {
		value := values[option.Kind]
		if option.Kind == darkroom.OptionObject {
			value = objects[option.Name]
		}
		var options darkroom.Options
		if err := option.SetJSON(&options, json.RawMessage(value)); err != nil {
			t.Fatal(err)
		}
		key, ok := options.CacheKey("key", url)
		patience := slices.Contains([]string{"timeout", "attempts", "cache", "cache_ttl"}, option.Name)
		if ok == option.Secret() || ok && (key == plain) != patience {
			t.Errorf("%s: key %q of %v, without it %q", option.Name, key, ok, plain)
		}
	}
	for _, other := range [][2]string{{"other", url}, {"key", url + "b"}, {"key" + url, ""}} {
		if key, _ := (darkroom.Options{}).CacheKey(other[0], other[1]); key == plain {
			t.Errorf("%v has the key of another", other)
		}
	}
}

func TestVariantNames(t *testing.T) {
	for name, valid := range map[string]bool{
		"a": true, "v1": true, "iPhone-14_dark.2": true, "A--b": true, strings.Repeat("a", 40): true, "7": true,
		"": false, strings.Repeat("a", 41): false, "-a": false, "a.": false, "a..b": false, "a b": false, "a/b": false, "ä": false, "_": false, "a\n": false,
	} {
		if darkroom.ValidVariantName(name) != valid {
			t.Errorf("%q is valid: %v", name, !valid)
		}
	}
}
