package manual

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// heading is a place in a page that links lead to.
type heading struct {
	ID    string
	Title string
	Level int
}

// page is one that has been rendered.
type page struct {
	entry
	Markdown string
	Body     template.HTML
	Headings []heading
	anchors  map[string]bool // headings and rows
	links    []string        // as the page writes them
	parts    []part
}

// rendering is the state of one page while it is rendered.
type rendering struct {
	page   page
	source []byte
	link   func(string) string
}

// render makes a page of Markdown. link says where a link of the page leads to.
// The text is ours, so HTML in it is let through.
func render(name, markdown string, link func(string) string) (page, error) {
	r := rendering{page: page{entry: entry{Name: name}, Markdown: markdown, anchors: map[string]bool{}}, source: []byte(markdown), link: link}
	convert := goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Linkify),
		goldmark.WithRendererOptions(html.WithUnsafe()),
	)
	document := convert.Parser().Parse(text.NewReader(r.source), parser.WithContext(parser.NewContext()))
	if err := ast.Walk(document, r.visit); err != nil {
		return page{}, fmt.Errorf("read page %s: %w", name, err)
	}
	var body bytes.Buffer
	if err := convert.Renderer().Render(&body, r.source, document); err != nil {
		return page{}, fmt.Errorf("render page %s: %w", name, err)
	}
	// A table that is wider than a telephone scrolls, by the keyboard too.
	r.page.Body = template.HTML(strings.NewReplacer(
		"<table>", `<div class="scroll" tabindex="0"><table>`, "</table>", "</table></div>", "<th></th>", "<td></td>",
	).Replace(body.String()))
	r.page.parts = split(r.page)
	return r.page, nil
}

func (r *rendering) visit(node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	switch node := node.(type) {
	case *ast.Heading:
		r.heading(node)
	case *ast.Link:
		r.page.links = append(r.page.links, string(node.Destination))
		node.Destination = []byte(r.link(string(node.Destination)))
	case *ast.Image:
		r.page.links = append(r.page.links, string(node.Destination))
		node.Destination = []byte(r.link(string(node.Destination)))
	case *tables.TableRow:
		r.row(node)
		r.label(node)
	}
	return ast.WalkContinue, nil
}

func (r *rendering) heading(node *ast.Heading) {
	title := plain(node, r.source)
	if node.Level == 1 && r.page.Title == "" {
		r.page.Title = title
		return
	}
	id := r.unused(slug(title))
	node.SetAttributeString("id", []byte(id))
	r.page.Headings = append(r.page.Headings, heading{id, title, node.Level})
}

// row gives a row that is about one name an anchor of that name, so that an
// error or an option can be linked to.
func (r *rendering) row(node *tables.TableRow) {
	cell := node.FirstChild()
	if cell == nil || cell.ChildCount() != 1 || cell.FirstChild().Kind() != ast.KindCodeSpan {
		return
	}
	name := strings.TrimLeft(plain(cell, r.source), "-")
	if name == "" || strings.IndexFunc(name, func(c rune) bool { return c != '_' && c != '-' && !unicode.IsLower(c) && !unicode.IsDigit(c) }) >= 0 {
		return
	}
	if !r.page.anchors[name] {
		r.page.anchors[name] = true
		node.SetAttributeString("id", []byte(name))
	}
}

// label gives each cell the heading of its column, which a telephone shows
// before it: there a row is a paragraph.
func (r *rendering) label(row *tables.TableRow) {
	head := row.Parent().FirstChild().FirstChild()
	for cell := row.FirstChild(); cell != nil && head != nil; cell, head = cell.NextSibling(), head.NextSibling() {
		if title := plain(head, r.source); title != "" && cell != row.FirstChild() {
			cell.SetAttributeString("data-label", []byte(title))
		}
	}
}

// unused is the name, or the name with a number, as sites that render Markdown
// number headings that say the same.
func (r *rendering) unused(name string) string {
	id := name
	for n := 1; r.page.anchors[id]; n++ {
		id = fmt.Sprintf("%s-%d", name, n)
	}
	r.page.anchors[id] = true
	return id
}

// slug names a heading as sites that render Markdown do.
func slug(title string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == ' ':
			return '-'
		case c == '-' || c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c):
			return unicode.ToLower(c)
		}
		return -1
	}, title)
}

// plain is the text of a node without its marks.
func plain(node ast.Node, source []byte) string {
	var words strings.Builder
	_ = ast.Walk(node, func(inner ast.Node, entering bool) (ast.WalkStatus, error) { // it returns no error
		switch inner := inner.(type) {
		case *ast.Text:
			if entering {
				words.Write(inner.Segment.Value(source))
				if inner.SoftLineBreak() {
					words.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				words.Write(inner.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return words.String()
}

// linkUnder gives the links of pages that are served under a prefix. What is
// not a page of the documentation stays a link within the project's folder,
// which nobody serves: the test of links refuses it.
func linkUnder(prefix string) func(string) string {
	return func(target string) string {
		parsed, err := url.Parse(target)
		if err != nil || parsed.Scheme != "" || parsed.Host != "" || parsed.Path == "" {
			return target
		}
		if strings.HasPrefix(parsed.Path, "/") {
			return prefix + target
		}
		path := strings.TrimSuffix(parsed.Path, ".md")
		if parsed.Fragment != "" {
			path += "#" + parsed.Fragment
		}
		return prefix + "/docs/" + path
	}
}
