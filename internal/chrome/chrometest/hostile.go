package chrometest

import (
	"maps"
	"net/http"
	"slices"

	"darkroom"
)

// HostilePage is one page that means harm, and what must come of it.
type HostilePage struct {
	Name string
	Path string // at the site; with the server's address in front where the site alone is not enough

	// Options of the capture. Its timeout is the bound in time: by then, and two
	// seconds at most, the capture has ended in one of its codes.
	Options darkroom.Options

	// Codes are those that it may end with; none: it is captured all the same.
	// More than one stand there only where the page races against itself.
	Codes []darkroom.Code

	Warning string // a part of what a captured one must warn of; "" = nothing is asked

	// Victim is a page that does nothing but wait at VictimPath's answer: the
	// test kills what Victim names meanwhile, "renderer" or "browser".
	Victim string

	handler http.HandlerFunc // of Path; nil = another page of the site
}

// VictimPath is what a victim asks for when it can be killed.
const VictimPath = "/hostile/victim-waits"

// Hostile lists the hostile pages that one plain HTTP server can show. It is
// the one table of them: the tests of this room, those of the whole program
// and the soak all read it.
func Hostile() []HostilePage {
	return slices.Concat(hostileAsks(), hostileDownloads(), hostileLoads(), hostileLoops(), hostileNavigations(),
		hostileMemory(), hostilePictures(), hostileFloods(), hostileWire(), hostileVictims())
}

// hostilePages are the handlers of the table, for Site.
func hostilePages() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{VictimPath: waits}
	maps.Copy(all, hostileParts())
	for _, page := range Hostile() {
		if page.handler != nil {
			all[page.Path] = page.handler
		}
	}
	return all
}

// ends is the list of codes of a page that must not be captured.
func ends(codes ...darkroom.Code) []darkroom.Code { return codes }

// within gives options whose timeout is so many milliseconds.
func within(milliseconds int) darkroom.Options { return darkroom.Options{Timeout: milliseconds} }

const (
	soon    = 3000  // for pages that must run into their timeout
	patient = 60000 // for pages that must end by themselves, on a slow machine too
)

// green is the background of pages that a picture can be taken of.
const green = `<body style="background:#0f0">`

func script(text string) http.HandlerFunc { return html(green + `<script>` + text + `</script>`) }

// afterLoad runs the script when the page has loaded.
func afterLoad(text string) http.HandlerFunc {
	return script(`addEventListener('load', () => setTimeout(() => { ` + text + ` }))`)
}

func waits(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func hostileVictims() []HostilePage {
	wait := html(green + `<img src="` + VictimPath + `">`)
	return []HostilePage{
		{Name: "renderer is killed", Path: "/hostile/renderer-dies", Victim: "renderer", Codes: ends(darkroom.CodeRendererCrashed), Options: within(patient), handler: wait},
		{Name: "browser is killed", Path: "/hostile/browser-dies", Victim: "browser", Codes: ends(darkroom.CodeRendererCrashed), Options: within(patient), handler: wait},
	}
}
