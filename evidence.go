package darkroom

// Limits of evidence. What is beyond them is left out without a word.
const (
	MaxEvidenceEntries = 20  // in each of its lists: the last ones, of Pending the oldest
	MaxEvidenceText    = 500 // bytes of a text or URL, cut on a rune border
)

// Evidence is what was noticed of a page besides its picture: why it failed,
// or might have. The values of the job's secrets do not stand in it.
type Evidence struct {
	Redirects []Redirect       `json:"redirects,omitempty"` // of the main document, in order; the last answer is not among them
	Pending   []string         `json:"pending,omitempty"`   // URLs that had no end yet
	Failed    []FailedRequest  `json:"failed,omitempty"`    // of what the page loads; the main document is not among them
	Console   []ConsoleMessage `json:"console,omitempty"`   // errors only
	LastFrame []byte           `json:"-"`                   // JPEG of what the window showed at a failure; nil when it showed nothing
}

// Redirect is a document that sent the browser elsewhere.
type Redirect struct {
	URL    string `json:"url"`
	Status int    `json:"status"` // 3xx; any other means that the page went by itself, by script or meta refresh
}

// FailedRequest is something that the page could not load.
type FailedRequest struct {
	URL    string `json:"url"`
	Status int    `json:"status,omitempty"` // 400 and more; 0 = no answer
	Error  string `json:"error,omitempty"`  // net::ERR_…, or a code of captures where we could not reach the server; "" when there was an answer
}

// ConsoleMessage is an error that the page wrote to its console, an exception
// that nobody caught, or the browser's own complaint.
type ConsoleMessage struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Line int    `json:"line,omitempty"` // from 1
}
