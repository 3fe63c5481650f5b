package sitemap

import (
	"net/url"
	"strings"
)

// readItemField reads an element of an RSS item.
func (d *document) readItemField() error {
	switch {
	case d.is("link"):
		return d.field(&d.loc, maxLocBytes)
	case d.is("guid"):
		if permanent, _ := d.attr("isPermaLink"); permanent == "false" {
			return nil
		}
		return d.field(&d.second, maxLocBytes)
	case d.is("pubDate"):
		return d.field(&d.lastmod, maxDateBytes)
	}
	return nil
}

// readEntryField reads an element of an Atom entry.
func (d *document) readEntryField() error {
	switch {
	case d.is("link"):
		href, _ := d.attr("href")
		if rel, found := d.attr("rel"); found && rel != "alternate" || len(d.loc) > 0 {
			return nil
		}
		d.loc = append(d.loc, d.absolute(href)...)
	case d.is("updated"):
		return d.field(&d.lastmod, maxDateBytes)
	}
	return nil
}

// rebase heeds the xml:base of the root, the address that the links of an Atom
// feed are relative to.
func (d *document) rebase() error {
	if text, found := d.attr("xml:base"); found && d.form.root == "feed" {
		if base, err := d.base.Parse(strings.TrimSpace(text)); err == nil {
			d.base = base
		}
	}
	return nil
}

// absolute resolves a link of an Atom feed. What cannot be resolved is left as
// it is, and refused like any other bad URL.
func (d *document) absolute(href string) string {
	href = strings.TrimSpace(href)
	reference, err := url.Parse(href)
	if err != nil || reference.IsAbs() || href == "" {
		return href
	}
	return d.base.ResolveReference(reference).String()
}
