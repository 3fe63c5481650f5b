package chrome

import (
	"bytes"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"darkroom"
	"darkroom/internal/egress"
)

// hear takes the events of a tab. It must not wait: whatever it sends, it does
// not wait for the answer. Most events are about sub-resources and are told by
// a few bytes, without being parsed.
func (t *tab) hear(m message) {
	switch m.method {
	case "Page.lifecycleEvent":
		t.onLifecycle(m)
	case "Page.frameNavigated":
		t.onNavigated(m)
	case "Page.frameStartedNavigating":
		t.onStarted(m)
	case "Page.frameStoppedLoading":
		t.onStopped(m)
	case "Page.frameScheduledNavigation":
		t.onScheduled(m)
	case "Page.javascriptDialogOpening":
		t.onDialog(m)
	case "Inspector.targetCrashed", "Inspector.detached":
		t.change(func(s *pageState) { s.crashed = true })
		t.session.conn.crash(t.session.id)
	case "Network.requestWillBeSent":
		t.onRequest(m)
	case "Network.responseReceived":
		t.onResponse(m)
	case "Network.loadingFailed":
		t.onFailed(m)
	case "Network.loadingFinished":
		t.look(func(s *pageState) { s.loading.finish(m.body) })
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
		t.onConsole(m)
	case "Network.responseReceivedExtraInfo":
		t.onExtraInfo(m)
	case "Target.attachedToTarget":
		t.onAttached(m)
	case "Fetch.requestPaused":
		t.onPaused(m)
	case "Fetch.authRequired":
		t.onAuthRequired(m)
	}
}

func (t *tab) onLifecycle(m message) {
	var event struct {
		FrameID  cdp.FrameID  `json:"frameId"`
		LoaderID cdp.LoaderID `json:"loaderId"`
		Name     string       `json:"name"`
	}
	if !m.into(&event) || event.FrameID != t.frame {
		return
	}
	t.change(func(s *pageState) {
		reached := s.reached[event.LoaderID]
		switch event.Name {
		case "DOMContentLoaded":
			reached.parsed = true
		case "load":
			reached.loaded = true
		case "networkIdle":
			reached.idle = true
		default:
			return
		}
		s.reached[event.LoaderID] = reached
	})
}

func (t *tab) onNavigated(m message) {
	var event struct {
		Frame struct {
			ID             cdp.FrameID  `json:"id"`
			LoaderID       cdp.LoaderID `json:"loaderId"`
			URL            string       `json:"url"`
			UnreachableURL string       `json:"unreachableUrl"`
			Origin         string       `json:"securityOrigin"`
		} `json:"frame"`
	}
	if !m.into(&event) {
		return
	}
	t.look(func(s *pageState) { s.shown(event.Frame.Origin) })
	if event.Frame.ID != t.frame {
		return
	}
	t.landed(event.Frame.URL)
	t.change(func(s *pageState) {
		s.leave(event.Frame.LoaderID)
		s.loader, s.url, s.unreachable = event.Frame.LoaderID, event.Frame.URL, event.Frame.UnreachableURL
		s.coming, s.refreshBy = "", time.Time{}
		s.navigated()
	})
}

func (t *tab) onStarted(m message) {
	var event struct {
		FrameID  cdp.FrameID  `json:"frameId"`
		LoaderID cdp.LoaderID `json:"loaderId"`
		Kind     string       `json:"navigationType"`
	}
	if !m.into(&event) || event.FrameID != t.frame || strings.HasSuffix(event.Kind, "ameDocument") {
		return
	}
	t.change(func(s *pageState) { s.coming, s.refreshBy = event.LoaderID, time.Time{} })
}

// onStopped hears that nothing is loading any more, neither the document nor
// the next one. A page that stops its own loading has no load event, and a
// navigation to a foreign protocol has no end.
func (t *tab) onStopped(m message) {
	if string(cutMember(m.body, `"frameId":"`)) != string(t.frame) {
		return
	}
	t.change(func(s *pageState) {
		if s.loader == "" {
			return
		}
		reached := s.reached[s.loader]
		reached.parsed, reached.loaded = true, true
		s.reached[s.loader], s.coming = reached, ""
	})
}

func (t *tab) onScheduled(m message) {
	var event struct {
		FrameID cdp.FrameID `json:"frameId"`
		Delay   float64     `json:"delay"`
	}
	if !m.into(&event) || event.FrameID != t.frame || event.Delay > maxRefreshDelay {
		return
	}
	wait := time.Duration((event.Delay + 1) * float64(time.Second))
	t.change(func(s *pageState) { s.refreshBy = time.Now().Add(wait) })
}

// onDialog dismisses alert, confirm and prompt, and lets a page be left.
func (t *tab) onDialog(m message) {
	leaving := bytes.Contains(m.body, []byte(`"type":"beforeunload"`))
	post(t.session, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: leaving})
	t.change(func(s *pageState) {
		s.dialogs++
		if s.dialogs%maxDialogs == 0 {
			post(t.session, runtime.TerminateExecution, cdp.Empty{})
		}
	})
}

// aboutDocument tells the events of documents (frames included) from those of
// everything else that a page loads.
func aboutDocument(m message) bool { return bytes.Contains(m.body, []byte(`"type":"Document"`)) }

func (t *tab) onRequest(m message) {
	var event struct {
		RequestID cdp.LoaderID `json:"requestId"`
		LoaderID  cdp.LoaderID `json:"loaderId"`
		FrameID   cdp.FrameID  `json:"frameId"`
		Request   struct {
			URL string `json:"url"`
		} `json:"request"`
		Redirect *darkroom.Redirect `json:"redirectResponse"`
	}
	if hasPassword(m.body) {
		t.change(func(s *pageState) { s.marked = true })
	}
	t.look(func(s *pageState) { s.loading.begin(m.body, t.isMain(m)) })
	if !aboutDocument(m) || !m.into(&event) || event.FrameID != t.frame || event.RequestID != event.LoaderID {
		return
	}
	t.change(func(s *pageState) {
		asked := s.document(event.LoaderID)
		asked.url = event.Request.URL
		if event.Redirect != nil && len(asked.hops) < darkroom.MaxEvidenceEntries {
			asked.hops = append(asked.hops, *event.Redirect)
		}
		s.latest = event.LoaderID
	})
}

// isMain tells the events of the main document.
func (t *tab) isMain(m message) bool {
	return aboutDocument(m) && bytes.Contains(m.body, []byte(`"frameId":"`+string(t.frame)+`"`))
}

func (t *tab) onResponse(m message) {
	var event struct {
		RequestID cdp.LoaderID `json:"requestId"`
		FrameID   cdp.FrameID  `json:"frameId"`
		Response  struct {
			Status  int               `json:"status"`
			URL     string            `json:"url"`
			MIME    string            `json:"mimeType"`
			Headers map[string]string `json:"headers"`
		} `json:"response"`
	}
	t.look(func(s *pageState) { s.loading.answer(m.body) })
	if !aboutDocument(m) || !m.into(&event) || event.FrameID != t.frame {
		return
	}
	t.change(func(s *pageState) {
		answer := s.document(event.RequestID)
		answer.url, answer.status, answer.mime = event.Response.URL, event.Response.Status, event.Response.MIME
		for name, value := range event.Response.Headers {
			switch strings.ToLower(name) {
			case "retry-after":
				answer.retryAfter = value
			case "content-disposition":
				answer.disposition = value
			case "content-security-policy", "content-security-policy-report-only":
				s.spoilt = s.spoilt || aboutScripts(value)
			case strings.ToLower(egress.RefusalHeader):
				answer.refused = true
			}
		}
	})
}

// onFailed also hears of a navigation that ended without a document, such as a
// refused download: then none is under way any more.
func (t *tab) onFailed(m message) {
	var event struct {
		RequestID cdp.LoaderID `json:"requestId"`
		Error     string       `json:"errorText"`
	}
	t.look(func(s *pageState) { s.loading.breakOff(m.body) })
	if !aboutDocument(m) || !m.into(&event) {
		return
	}
	t.change(func(s *pageState) {
		if answer, ok := s.documents[event.RequestID]; ok {
			answer.failure = event.Error
		}
		if s.coming == event.RequestID {
			s.coming = ""
		}
	})
}

// hasPassword tells a request whose URL carries credentials. The browser
// remembers those that a server accepts.
func hasPassword(params []byte) bool {
	_, after, _ := bytes.Cut(params, []byte(`"request":{"url":"`))
	address, _, _ := bytes.Cut(after, []byte(`"`))
	_, rest, _ := bytes.Cut(address, []byte("://"))
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return bytes.IndexByte(rest, '@') >= 0
}

// onExtraInfo looks for a server that asks for credentials.
func (t *tab) onExtraInfo(m message) {
	if bytes.Contains(m.body, []byte(`"statusCode":401`)) || bytes.Contains(m.body, []byte(`"statusCode":407`)) {
		t.change(func(s *pageState) { s.marked = true })
	}
}

func (t *tab) onAuthRequired(m message) {
	var event struct {
		RequestID fetch.RequestID `json:"requestId"`
	}
	if !m.into(&event) {
		return
	}
	post(t.session, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{
		RequestID:             event.RequestID,
		AuthChallengeResponse: &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth},
	})
	t.change(func(s *pageState) { s.marked = true })
}
