package chrome

import (
	"context"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"darkroom"
	"darkroom/internal/filter"
)

// blocker keeps requests of one capture back. The tab's events ask it; the
// capture reads what came of it.
type blocker struct {
	set    *filter.Set
	groups filter.Group

	mu     sync.Mutex
	page   filter.Page
	count  int
	places []string // addresses of pictures and frames that will leave an empty place
}

// maxPlaces bounds what is remembered of a page that asks without end.
const maxPlaces = 500

func groupsOf(options darkroom.Options) (groups filter.Group) {
	for group, asked := range map[filter.Group]bool{
		filter.Ads: options.BlockAds, filter.Trackers: options.BlockTrackers, filter.Chats: options.BlockChats,
	} {
		if asked {
			groups |= group
		}
	}
	return groups
}

// block has the requests that a list may be about paused until it was asked. A
// capture without such an option costs nothing here. It comes after addHeaders,
// whose pauses it takes over.
func (c *capture) block(ctx context.Context) error {
	groups := groupsOf(c.options)
	if groups == 0 {
		return nil
	}
	b := &blocker{set: c.filter, groups: groups, page: filter.PageAt(c.target.String())}
	patterns := b.patterns()
	c.tab.mu.Lock()
	c.tab.blocker = b
	if c.tab.headers.origin != "" {
		patterns = append(patterns, c.tab.headers.pattern())
	}
	c.tab.mu.Unlock()
	return c.tab.pauseRequests(ctx, patterns)
}

// patterns are the requests to ask about: of the kinds that a rule may block,
// and documents, which say what page the others belong to.
func (b *blocker) patterns() []*fetch.RequestPattern {
	asked := b.set.Kinds(b.groups) | filter.Document
	var patterns []*fetch.RequestPattern
	for _, kind := range []struct {
		of    filter.Kind
		types []network.ResourceType
	}{
		{filter.Document | filter.Subdocument, []network.ResourceType{network.ResourceTypeDocument}},
		{filter.Stylesheet, []network.ResourceType{network.ResourceTypeStylesheet}},
		{filter.Script, []network.ResourceType{network.ResourceTypeScript}},
		{filter.Image, []network.ResourceType{network.ResourceTypeImage}},
		{filter.Font, []network.ResourceType{network.ResourceTypeFont}},
		{filter.Media, []network.ResourceType{network.ResourceTypeMedia}},
		{filter.XHR, []network.ResourceType{network.ResourceTypeXHR, network.ResourceTypeFetch, network.ResourceTypeEventSource}},
		{filter.Ping, []network.ResourceType{network.ResourceTypePing}},
		{filter.Object | filter.Other, []network.ResourceType{network.ResourceTypeOther}},
	} {
		if asked&kind.of == 0 {
			continue
		}
		for _, resource := range kind.types {
			patterns = append(patterns, &fetch.RequestPattern{URLPattern: "http*", ResourceType: resource})
		}
	}
	return patterns
}

// pausedRequest is what a paused request is about.
type pausedRequest struct {
	url      string
	resource network.ResourceType
	frame    cdp.FrameID
}

func (b *blocker) kindOf(resource network.ResourceType) filter.Kind {
	switch resource {
	case network.ResourceTypeDocument:
		return filter.Subdocument
	case network.ResourceTypeStylesheet:
		return filter.Stylesheet
	case network.ResourceTypeScript:
		return filter.Script
	case network.ResourceTypeImage:
		return filter.Image
	case network.ResourceTypeFont:
		return filter.Font
	case network.ResourceTypeMedia:
		return filter.Media
	case network.ResourceTypeXHR, network.ResourceTypeFetch, network.ResourceTypeEventSource:
		return filter.XHR
	case network.ResourceTypePing:
		return filter.Ping
	}
	return filter.Other
}

// blocks asks the lists. main is the frame that the window shows, whose
// documents are never blocked.
func (b *blocker) blocks(asked pausedRequest, main cdp.FrameID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if asked.resource == network.ResourceTypeDocument && asked.frame == main {
		b.page = filter.PageAt(asked.url)
		return false
	}
	kind := b.kindOf(asked.resource)
	if _, blocked := b.set.Match(b.groups, b.page, filter.Request{URL: asked.url, Kind: kind}); !blocked {
		return false
	}
	b.count++
	if kind&(filter.Image|filter.Subdocument|filter.Media|filter.Other) != 0 && len(b.places) < maxPlaces {
		b.places = append(b.places, asked.url)
	}
	return true
}

// keepBack ends a request without sending it. A frame gets an empty document:
// for one that failed the browser would show a notice of its own.
func (t *tab) keepBack(id fetch.RequestID, resource network.ResourceType) {
	if resource == network.ResourceTypeDocument {
		post(t.session, fetch.FulfillRequest, fetch.FulfillRequestParams{
			RequestID: id, ResponseCode: 200,
			ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/html; charset=utf-8"}},
		})
		return
	}
	post(t.session, fetch.FailRequest, fetch.FailRequestParams{RequestID: id, ErrorReason: network.ErrorReasonBlockedByClient})
}

// countBlocked notes how many requests were kept back so far.
func (c *capture) countBlocked() {
	if b := c.tab.blocker; b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		c.shot.Blocked = b.count
	}
}

// tidy closes up the places that blocked requests leave empty in the page.
func (c *capture) tidy(ctx context.Context) error {
	b := c.tab.blocker
	if b == nil {
		return nil
	}
	b.mu.Lock()
	places := append([]string{}, b.places...)
	b.mu.Unlock()
	holders := []string{}
	if c.options.BlockAds {
		holders = adPlaces()
	}
	return c.tab.run(ctx, scriptTidy, nil, places, holders)
}

// adPlaces are what the scripts of well-known networks fill. Once these are
// blocked, nothing does.
func adPlaces() []string {
	return []string{
		"ins.adsbygoogle", "div[id^='div-gpt-ad']", "div[id^='google_ads_iframe']", "amp-ad", "amp-embed[type='taboola']",
		"div[id^='taboola-']", "div.OUTBRAIN[data-src]", "#carbonads", "div[data-ea-publisher]", "div.bsa-cpc",
	}
}

// scriptTidy hides the elements whose addresses were blocked, in every frame,
// and the places that nobody fills now.
const scriptTidy = `(blocked, holders) => {
  const gone = new Set(blocked), hide = e => e.style && e.style.setProperty('display', 'none', 'important');
  const docs = [document];
  for (let i = 0; i < docs.length && docs.length < 200; i++)
    for (const f of docs[i].querySelectorAll('iframe,frame'))
      try { if (f.contentDocument) docs.push(f.contentDocument) } catch {}
  for (const d of docs) {
    for (const e of d.querySelectorAll('img,iframe,frame,embed,object,video,input[type=image]'))
      if (gone.has(String(e.currentSrc || e.src || e.data || '').split('#')[0])) hide(e);
    for (const e of d.querySelectorAll(holders.join() || ':not(*)')) hide(e);
  }
}`
