package sitemap

import (
	"context"
	"net/url"
	"strings"

	"darkroom"
)

// discover finds the sitemaps of a site: those that its robots.txt names, or
// else where sitemaps usually are.
func (w *walk) discover(ctx context.Context, site *url.URL) error {
	w.files++
	found, err := w.manners.of(ctx, site)
	if err != nil {
		return w.record(ctx, site, err)
	}
	switch {
	case found.address != nil:
		w.choice.hosts[siteHost(found.address)] = true
	case !onlyThatFile(found.problem):
		w.complain(found.problem)
		return nil
	}
	if err := w.readNamed(ctx, site, found); err != nil || w.Sitemaps > 0 {
		return err
	}
	return w.readUsual(ctx, site)
}

// onlyThatFile reports whether the rest of a site may be had although its
// robots.txt could not.
func onlyThatFile(problem *darkroom.Error) bool {
	switch problem.Code {
	case darkroom.CodeHTTPError, darkroom.CodeTooManyRedirects, darkroom.CodeTimeout:
		return true
	}
	return false
}

// readNamed reads the sitemaps that a robots.txt names.
func (w *walk) readNamed(ctx context.Context, site *url.URL, found *robots) error {
	if found.more {
		w.warn("the robots.txt of " + show(site.Host) + " names more sitemaps than are read")
	}
	for _, text := range found.maps {
		if named, err := found.address.Parse(text); err == nil {
			text = named.String()
		}
		address, err := w.admit(text)
		if err != nil {
			w.complain(blocked(err, "the robots.txt of %s names %s, which may not be reached: %s", show(site.Host), quote(text), sentence(err)))
			continue
		}
		if err := w.readOne(ctx, address, 1); err != nil {
			return err
		}
	}
	return nil
}

// readUsual tries the places where most sites have their sitemap. That there
// is none is a problem only when there is none at all.
func (w *walk) readUsual(ctx context.Context, site *url.URL) error {
	var tried []string
	var first *darkroom.Error
	for _, path := range [...]string{"/sitemap.xml", "/sitemap_index.xml"} {
		address := &url.URL{Scheme: site.Scheme, Host: site.Host, Path: path}
		problem, err := w.read(ctx, address, 1)
		if err != nil || w.Sitemaps > 0 {
			if problem != nil {
				w.complain(problem)
			}
			return err
		}
		tried = append(tried, path)
		if first == nil {
			first = problem
		}
	}
	if first == nil {
		return nil
	}
	missing := *first
	missing.Hint = "Neither robots.txt nor " + strings.Join(tried, " nor ") + " leads to a sitemap; give the address of one"
	w.complain(&missing)
	return nil
}
