package chrome

import (
	"strings"

	"darkroom"
)

// remoteValue is what the page gave to its console: a plain value, or the
// description of something else.
type remoteValue struct {
	Value       any    `json:"value"`
	Description string `json:"description"`
}

// onConsole takes what the browser remembers of the console. It tells only
// once the domains are switched on, and then from the document's beginning.
func (t *tab) onConsole(m message) {
	entry, ok := consoleMessage(m)
	if !ok || entry.Text == "" {
		return
	}
	// Enough that nothing which is shown later ends in a piece of a secret.
	entry.Text, entry.URL = shorten(entry.Text, 8*darkroom.MaxEvidenceText), shorten(entry.URL, 8*darkroom.MaxEvidenceText)
	t.look(func(s *pageState) {
		s.console = append(s.console, entry)
		if extra := len(s.console) - darkroom.MaxEvidenceEntries; extra > 0 {
			s.console = append(s.console[:0], s.console[extra:]...)
		}
	})
}

func consoleMessage(m message) (darkroom.ConsoleMessage, bool) {
	switch m.method {
	case "Runtime.consoleAPICalled":
		return writtenError(m)
	case "Runtime.exceptionThrown":
		return thrownError(m)
	}
	return browsersError(m)
}

func writtenError(m message) (darkroom.ConsoleMessage, bool) {
	var event struct {
		Kind  string        `json:"type"`
		Args  []remoteValue `json:"args"`
		Stack struct {
			Frames []callFrame `json:"callFrames"`
		} `json:"stackTrace"`
	}
	if !m.into(&event) || event.Kind != "error" && event.Kind != "assert" {
		return darkroom.ConsoleMessage{}, false
	}
	words := make([]string, 0, len(event.Args))
	for _, arg := range event.Args {
		words = append(words, arg.text())
	}
	entry := darkroom.ConsoleMessage{Text: strings.Join(words, " ")}
	if len(event.Stack.Frames) > 0 {
		entry.URL, entry.Line = event.Stack.Frames[0].URL, event.Stack.Frames[0].Line+1
	}
	return entry, true
}

type callFrame struct {
	URL  string `json:"url"`
	Line int    `json:"lineNumber"` // from 0
}

func (v remoteValue) text() string {
	if text, ok := v.Value.(string); ok {
		return text
	}
	return v.Description
}

func thrownError(m message) (darkroom.ConsoleMessage, bool) {
	var event struct {
		Details struct {
			Text      string      `json:"text"`
			URL       string      `json:"url"`
			Line      int         `json:"lineNumber"` // from 0
			Exception remoteValue `json:"exception"`
		} `json:"exceptionDetails"`
	}
	if !m.into(&event) {
		return darkroom.ConsoleMessage{}, false
	}
	text := event.Details.Text // "Uncaught"
	if thrown := event.Details.Exception.text(); thrown != "" {
		text += " " + thrown
	}
	return darkroom.ConsoleMessage{Text: text, URL: event.Details.URL, Line: event.Details.Line + 1}, true
}

func browsersError(m message) (darkroom.ConsoleMessage, bool) {
	var event struct {
		Entry struct {
			Level string `json:"level"`
			Text  string `json:"text"`
			URL   string `json:"url"`
			Line  *int   `json:"lineNumber"` // from 0
		} `json:"entry"`
	}
	if !m.into(&event) || event.Entry.Level != "error" {
		return darkroom.ConsoleMessage{}, false
	}
	entry := darkroom.ConsoleMessage{Text: event.Entry.Text, URL: event.Entry.URL}
	if event.Entry.Line != nil {
		entry.Line = *event.Entry.Line + 1
	}
	return entry, true
}
