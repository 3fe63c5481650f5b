package darkroom_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"darkroom"
)

func TestOptionsAreReadAsClientsSendThem(t *testing.T) {
	tests := []struct {
		name, option, raw string
		want              darkroom.Options
		refused           string // part of the message; "" = accepted
	}{
		{"a number", "width", `1024`, darkroom.Options{Width: 1024}, ""},
		{"a number as text", "width", `"1024"`, darkroom.Options{Width: 1024}, ""},
		{"zero means unset", "width", `0`, darkroom.Options{}, ""},
		{"a whole float", "width", `1024.0`, darkroom.Options{Width: 1024}, ""},
		{"a fraction", "width", `1.5`, darkroom.Options{}, "whole number"},
		{"beyond any number", "width", `1e999`, darkroom.Options{}, "whole number"},
		{"an object for a number", "width", `{}`, darkroom.Options{}, "whole number"},
		{"null means unset", "full_page", `null`, darkroom.Options{}, ""},
		{"true", "full_page", `true`, darkroom.Options{FullPage: true}, ""},
		{"true as text", "full_page", `"true"`, darkroom.Options{FullPage: true}, ""},
		{"1 as true", "full_page", `1`, darkroom.Options{FullPage: true}, ""},
		{"neither true nor false", "full_page", `"perhaps"`, darkroom.Options{}, "true or false"},
		{"empty text means unset", "format", `""`, darkroom.Options{}, ""},
		{"case folds in an enumeration", "format", `"PNG"`, darkroom.Options{Format: "png"}, ""},
		{"case stays in a selector", "wait_for", `"#Main"`, darkroom.Options{WaitFor: "#Main"}, ""},
		{"a number for text", "format", `7`, darkroom.Options{}, "string"},
		{"a list", "hide_selectors", `["#a",".b"]`, darkroom.Options{HideSelectors: []string{"#a", ".b"}}, ""},
		{"a list as text", "hide_selectors", `"#a, .b"`, darkroom.Options{HideSelectors: []string{"#a", ".b"}}, ""},
		{"commas within a selector", "hide_selectors", `":is(a,b), [title='x,y']"`, darkroom.Options{HideSelectors: []string{":is(a,b)", "[title='x,y']"}}, ""},
		{"an empty list of statuses is kept", "fail_on_status", `[]`, darkroom.Options{FailOnStatus: []string{}}, ""},
		{"a list with a number", "hide_selectors", `[1]`, darkroom.Options{}, "list of strings"},
		{"an object", "clip", `{"x":1,"y":2,"width":3,"height":4}`, darkroom.Options{Clip: &darkroom.Clip{X: 1, Y: 2, Width: 3, Height: 4}}, ""},
		{"an object as text", "clip", `"{\"x\":1,\"y\":2,\"width\":3,\"height\":4}"`, darkroom.Options{Clip: &darkroom.Clip{X: 1, Y: 2, Width: 3, Height: 4}}, ""},
		{"text for an object", "clip", `"left half"`, darkroom.Options{}, "object with x, y"},
		{"a quoted text for an object", "clip", `"\"{}\""`, darkroom.Options{}, "object with x, y"},
		{"a place", "geolocation", `{"latitude":1.5,"longitude":-2}`, darkroom.Options{Geolocation: &darkroom.Geolocation{Latitude: 1.5, Longitude: -2}}, ""},
		{"a place as a list", "geolocation", `[1,2]`, darkroom.Options{}, "latitude and longitude"},
		{"an account", "basic_auth", `{"username":"a","password":"b"}`, darkroom.Options{Secrets: darkroom.Secrets{BasicAuth: &darkroom.BasicAuth{Username: "a", Password: "b"}}}, ""},
		{"an account as text", "basic_auth", `"a:b"`, darkroom.Options{}, "username and password"},
		{"what Playwright saves", "storage_state", `{"cookies":[],"origins":[{"origin":"https://a.example","localStorage":[{"name":"k","value":"v"}],"indexedDB":[{"x":1}]}]}`, darkroom.Options{Secrets: darkroom.Secrets{StorageState: &darkroom.StorageState{Cookies: []darkroom.StateCookie{}, Origins: []darkroom.StateOrigin{{Origin: "https://a.example", LocalStorage: []darkroom.StateItem{{Name: "k", Value: "v"}}}}}}}, ""},
		{"a state as a list", "storage_state", `[]`, darkroom.Options{}, "Playwright"},
		{"an empty object as PHP writes it", "headers", `[]`, darkroom.Options{}, ""},
		{"headers", "headers", `{"X-A":"b"}`, darkroom.Options{Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "b"}}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			option, ok := darkroom.FindOption(test.option)
			if !ok {
				t.Fatalf("no option %s", test.option)
			}
			var got darkroom.Options
			err := option.SetJSON(&got, json.RawMessage(test.raw))
			checkRefusal(t, err, test.refused)
			if test.refused == "" && !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	tests := []struct {
		name    string
		options darkroom.Options
		refused string
	}{
		{"nothing set", darkroom.Options{}, ""},
		{"narrowest", darkroom.Options{Width: 320}, ""},
		{"too narrow", darkroom.Options{Width: 319}, "width must be between 320 and 3840 px"},
		{"negative", darkroom.Options{Width: -1}, "width must be between"},
		{"quality 101", darkroom.Options{Quality: 101}, "quality must be between 1 and 100"},
		{"unknown format", darkroom.Options{Format: "gif"}, "one of png, jpeg, webp"},
		{"known device", darkroom.Options{Device: "iphone 14"}, ""},
		{"unknown device", darkroom.Options{Device: "../../etc/passwd"}, "is not known"},
		{"script of 64 KiB", darkroom.Options{JS: strings.Repeat(" ", 64<<10)}, ""},
		{"script beyond", darkroom.Options{JS: strings.Repeat(" ", 64<<10+1)}, "at most 65536 bytes"},
		{"selector beyond 1 KiB", darkroom.Options{Selector: strings.Repeat("a", 1025)}, "at most 1024 bytes"},
		{"NUL in a selector", darkroom.Options{Selector: "a\x00"}, "without NUL"},
		{"user agent with a line break", darkroom.Options{UserAgent: "a\r\nX: y"}, "one line"},
		{"status class", darkroom.Options{FailOnStatus: []string{"4xx", "503"}}, ""},
		{"no status at all", darkroom.Options{FailOnStatus: []string{"oops"}}, "such as 404"},
		{"status out of the scale", darkroom.Options{FailOnStatus: []string{"999"}}, "such as 404"},
		{"clip of no width", darkroom.Options{Clip: &darkroom.Clip{Height: 10}}, "clip.width"},
		{"clip of a full page", darkroom.Options{FullPage: true, Clip: &darkroom.Clip{Width: 1, Height: 1}}, "exclude each other"},
		{"a time zone", darkroom.Options{Timezone: "America/Argentina/Buenos_Aires"}, ""},
		{"a former name of one", darkroom.Options{Timezone: "Asia/Calcutta"}, ""},
		{"no time zone", darkroom.Options{Timezone: "Mars/Olympus"}, "IANA name"},
		{"two time zones", darkroom.Options{Timezone: "UTC Europe/Berlin"}, "IANA name"},
		{"a language", darkroom.Options{Locale: "zh-Hant-TW"}, ""},
		{"a language as a header", darkroom.Options{Locale: "de,en;q=0.8"}, "language tag"},
		{"a language with a line break", darkroom.Options{Locale: "de-\r\nX"}, "language tag"},
		{"a place off the map", darkroom.Options{Geolocation: &darkroom.Geolocation{Latitude: 90.5}}, "between -90 and 90"},
		{"a place that is none", darkroom.Options{Geolocation: &darkroom.Geolocation{Longitude: math.NaN()}}, "between -180 and 180"},
		{"a proxy", proxy("http://me:pass%40word@proxy.example:3128"), ""},
		{"a proxy without a port", proxy("socks5://[2001:db8::1]"), ""},
		{"a proxy without a scheme", proxy("proxy.example:3128"), "such as http://"},
		{"a proxy of another kind", proxy("socks4://proxy.example"), "socks5://"},
		{"a proxy without a host", proxy("http://:3128"), "no host"},
		{"a proxy with a path", proxy("http://proxy.example/pac.js"), "must end after"},
		{"a proxy with a line break", proxy("http://a%0d%0ab:c@proxy.example"), "control characters"},
		{"an account", account("me", "p:ss"), ""},
		{"an account without a name", account("", "p"), "username"},
		{"an account with a colon", account("a:b", "p"), "colon"},
		{"an account with a line break", account("a", "p\r\nX: y"), "line break"},
		{"an account beside a header for it", bothAuths(), "exclude each other"},
		{"a state", state(darkroom.StateCookie{Name: "a", Value: "b", Domain: ".example.com", SameSite: "None"}, "https://example.com"), ""},
		{"a state with a cookie of nobody", state(darkroom.StateCookie{Name: "a"}, "https://example.com"), "no domain"},
		{"a state with an odd cookie", state(darkroom.StateCookie{Name: "a", Domain: "b", SameSite: "lax"}, "https://example.com"), "sameSite"},
		{"a state with two cookies in one", state(darkroom.StateCookie{Name: "a", Value: "b; c=d", Domain: "b"}, "https://example.com"), "semicolon"},
		{"a state of a path", state(darkroom.StateCookie{Name: "a", Domain: "b"}, "https://example.com/path"), "not an origin"},
		{"a state that is too much", state(darkroom.StateCookie{Name: "a", Domain: "b"}, "https://example.com", 1001), "at most 1000"},
		{"header", header("X-Api", "v"), ""},
		{"header with a line break", header("X-Api", "a\r\nX-B: 1"), "line break"},
		{"header name with a space", header("X A", "b"), "not a header name"},
		{"host header", header("Host", "127.0.0.1"), "may not be set"},
		{"proxy header", header("Proxy-Authorization", "x"), "may not be set"},
		{"cookie header", header("Cookie", "a=b"), "cookies option"},
		{"cookie", cookie(darkroom.Cookie{Name: "a", Value: "b", Domain: "example.com", Path: "/x"}), ""},
		{"cookie with a semicolon", cookie(darkroom.Cookie{Name: "a", Value: "b; Domain=x"}), "semicolon"},
		{"cookie without a name", cookie(darkroom.Cookie{Value: "b"}), "not a cookie name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkRefusal(t, test.options.Validate(), test.refused) })
	}
}

func TestSecretsAreNeverInTheMessage(t *testing.T) {
	for _, options := range []darkroom.Options{
		header("X-Key", "hunter2\n"), cookie(darkroom.Cookie{Name: "sid", Value: "hunter2;"}), proxy("ftp://me:hunter2@proxy.example"),
		proxy("http://me:hunter2@"), proxy("http://me:hunter2@a b"), account("a:", "hunter2"), account("a", "hunter2\n"),
		state(darkroom.StateCookie{Name: "a", Value: "hunter2;", Domain: "b"}, "https://example.com"),
	} {
		if err := options.Validate(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("message %v", err)
		}
	}
}

// Every field of Options must be reachable from the table, or a client could
// never set it; every row must have its field.
func TestTheTableCoversEveryField(t *testing.T) {
	fields := map[string]bool{}
	for _, holder := range []reflect.Type{reflect.TypeFor[darkroom.Options](), reflect.TypeFor[darkroom.Secrets]()} {
		for i := range holder.NumField() {
			if field := holder.Field(i); !field.Anonymous {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				fields[name] = true
			}
		}
	}
	for _, option := range darkroom.OptionTable() {
		if !fields[option.Name] {
			t.Errorf("row %s has no field", option.Name)
		}
		delete(fields, option.Name)
		if option.Doc == "" || !strings.HasSuffix(option.Doc, ".") {
			t.Errorf("row %s: doc %q is not a sentence", option.Name, option.Doc)
		}
	}
	for name := range fields {
		t.Errorf("field %s has no row", name)
	}
}

func TestViewport(t *testing.T) {
	tests := []struct {
		name    string
		options darkroom.Options
		want    darkroom.Viewport
	}{
		{"default", darkroom.Options{}, darkroom.Viewport{Width: 1280, Height: 720, Scale: 1}},
		{"retina", darkroom.Options{Retina: true}, darkroom.Viewport{Width: 1280, Height: 720, Scale: 2}},
		{"turned", darkroom.Options{Width: 800, Height: 600, ViewportLandscape: true}, darkroom.Viewport{Width: 600, Height: 800, Scale: 1}},
		{"own user agent", darkroom.Options{UserAgent: "x"}, darkroom.Viewport{Width: 1280, Height: 720, Scale: 1, UserAgent: "x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.options.Viewport(); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	phone := darkroom.Options{Device: "iPhone 14", Retina: true}.Viewport()
	if phone.Width != 390 || phone.Scale != 3 || !phone.Mobile || !phone.Touch || !strings.Contains(phone.UserAgent, "iPhone") {
		t.Errorf("iPhone 14 is %+v", phone)
	}
}

func TestFailsOn(t *testing.T) {
	tests := []struct {
		patterns []string
		status   int
		want     bool
	}{
		{nil, 200, false},
		{nil, 304, false},
		{nil, 404, true},
		{nil, 503, true},
		{[]string{}, 500, false},
		{[]string{"404"}, 404, true},
		{[]string{"404"}, 410, false},
		{[]string{"2XX"}, 204, true},
	}
	for _, test := range tests {
		if got := (darkroom.Options{FailOnStatus: test.patterns}).FailsOn(test.status); got != test.want {
			t.Errorf("%v on %d: %v", test.patterns, test.status, got)
		}
	}
}

func FuzzOptionJSON(f *testing.F) {
	f.Add("width", `1280`)
	f.Add("clip", `{"x":1}`)
	f.Add("hide_selectors", `"a,(b,c),"`)
	f.Add("cookies", `[{"name":"a"}]`)
	f.Fuzz(func(t *testing.T, name, raw string) {
		option, ok := darkroom.FindOption(name)
		if !ok {
			return
		}
		var options darkroom.Options
		if err := option.SetJSON(&options, json.RawMessage(raw)); err != nil && darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("%s %q: %v is no validation error", name, raw, err)
		}
		_ = options.Validate()
	})
}

func header(name, value string) darkroom.Options {
	return darkroom.Options{Secrets: darkroom.Secrets{Headers: map[string]string{name: value}}}
}

func cookie(c darkroom.Cookie) darkroom.Options {
	return darkroom.Options{Secrets: darkroom.Secrets{Cookies: []darkroom.Cookie{c}}}
}

func proxy(text string) darkroom.Options {
	return darkroom.Options{Secrets: darkroom.Secrets{Proxy: text}}
}

func account(name, password string) darkroom.Options {
	return darkroom.Options{Secrets: darkroom.Secrets{BasicAuth: &darkroom.BasicAuth{Username: name, Password: password}}}
}

func bothAuths() darkroom.Options {
	options := account("a", "b")
	options.Headers = map[string]string{"authorization": "Bearer x"}
	return options
}

// state has one cookie, and an origin with a number of items.
func state(cookie darkroom.StateCookie, origin string, items ...int) darkroom.Options {
	saved := darkroom.StateOrigin{Origin: origin}
	for _, count := range items {
		saved.LocalStorage = make([]darkroom.StateItem, count)
	}
	return darkroom.Options{Secrets: darkroom.Secrets{StorageState: &darkroom.StorageState{
		Cookies: []darkroom.StateCookie{cookie}, Origins: []darkroom.StateOrigin{saved},
	}}}
}

func checkRefusal(t *testing.T, err error, refused string) {
	t.Helper()
	switch {
	case refused == "" && err != nil:
		t.Errorf("refused: %v", err)
	case refused != "" && err == nil:
		t.Errorf("accepted, want a refusal with %q", refused)
	case refused != "" && (!strings.Contains(err.Error(), refused) || darkroom.CodeOf(err) != darkroom.CodeValidation):
		t.Errorf("refused with %v (%s), want %q", err, darkroom.CodeOf(err), refused)
	}
}

// A clone may be changed without changing what it was made from.
func TestClone(t *testing.T) {
	original := state(darkroom.StateCookie{Name: "a", Domain: "b"}, "https://example.com", 1)
	original.Headers = map[string]string{"X-A": "1"}
	clone := original.Clone()
	clone.Headers["X-A"] = "2"
	clone.StorageState.Cookies[0].Name = "z"
	clone.StorageState.Origins[0].LocalStorage[0].Name = "z"
	if original.Headers["X-A"] != "1" || original.StorageState.Cookies[0].Name != "a" || original.StorageState.Origins[0].LocalStorage[0].Name != "" {
		t.Errorf("the original is now %+v", original)
	}
}

func TestEveryCredentialIsASecret(t *testing.T) {
	for _, options := range []darkroom.Options{
		header("A", "b"), cookie(darkroom.Cookie{Name: "a"}), proxy("http://a"), account("a", "b"), state(darkroom.StateCookie{}, ""),
	} {
		if options.Secrets.Empty() || !reflect.DeepEqual(options.WithoutSecrets(), darkroom.Options{}) {
			t.Errorf("%+v is shown", options)
		}
	}
}
