package archive

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"fmt"
	"html/template"
	"iter"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"darkroom"
)

// GalleryName is the gallery's own name in the archive.
const GalleryName = "index.html"

//go:embed gallery/page.html
var galleryPage string

//go:embed gallery/page.css
var galleryStyle string

//go:embed gallery/page.js
var galleryScript string

// card is a capture as the gallery shows it.
type card struct {
	darkroom.ManifestEntry

	Filename, Code, Message, LastFrame string

	Name    string // its title, or else its path
	Picture bool   // the file is one that browsers show
	Facts   string
}

// Gallery makes index.html of a job whose captures have all ended: a page that
// shows the pictures beside it, without a network and without JavaScript. What
// captured pages have said is text in it: the page's policy lets only its own
// script run, by its hash. The same rows always give the same bytes. captures
// is gone through twice; files are those of the archive that tell of failures.
func Gallery(job darkroom.Job, captures iter.Seq2[darkroom.Capture, error], files ...Entry) ([]byte, error) {
	naming, err := NamingOf(job, captures)
	if err != nil {
		return nil, fmt.Errorf("name the images of job %s: %w", job.ID, err)
	}
	entries := &manifestWriter{naming: naming, files: map[string]bool{}}
	for _, file := range files {
		entries.files[file.Name] = true
	}
	cards := make([]card, 0, job.Progress.Total)
	for capture, err := range captures {
		if err != nil {
			return nil, fmt.Errorf("read the captures of job %s: %w", job.ID, err)
		}
		cards = append(cards, cardOf(entries.entry(capture)))
	}
	page, err := template.New(GalleryName).Parse(galleryPage)
	if err != nil {
		return nil, fmt.Errorf("read the page of the gallery: %w", err)
	}
	var content bytes.Buffer
	err = page.Execute(&content, map[string]any{
		"Title": galleryTitle(job), "When": job.CreatedAt.UTC().Format("2 January 2006 15:04 UTC"),
		"Completed": job.Progress.Completed, "Failed": job.Progress.Failed, "Cancelled": job.Cancelled,
		"Sitemap": job.Crawl.SitemapURL, "Cards": cards, "Policy": galleryPolicy(),
		// These two are files of ours.
		"Style": template.CSS(galleryStyle), "Script": template.JS(galleryScript),
	})
	if err != nil {
		return nil, fmt.Errorf("write the gallery of job %s: %w", job.ID, err)
	}
	return content.Bytes(), nil
}

// galleryPolicy lets nothing be loaded but the pictures, and nothing run but
// our script.
func galleryPolicy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src 'self' file:; style-src " + hash(galleryStyle) + "; script-src " + hash(galleryScript) +
		"; base-uri 'none'; form-action 'none'"
}

func galleryTitle(job darkroom.Job) string {
	switch {
	case job.Name != "":
		return job.Name
	case job.Kind == darkroom.KindSitemap:
		host, _ := split(job.Crawl.SitemapURL)
		return "Sitemap of " + host
	}
	return fmt.Sprintf("Batch of %d", job.URLs())
}

func cardOf(entry darkroom.ManifestEntry) card {
	c := card{ManifestEntry: entry, Name: entry.Title, Code: string(entry.ErrorCode), LastFrame: entry.LastFrameFile}
	if c.Name == "" {
		_, path := split(entry.URL)
		c.Name = "/" + path
	}
	if entry.Variant != "" {
		c.Name += " (" + entry.Variant + ")"
	}
	var facts []string
	if entry.HTTPStatus > 0 {
		facts = append(facts, strconv.Itoa(entry.HTTPStatus))
	}
	if entry.Filename != nil {
		c.Filename, c.Picture = *entry.Filename, strings.HasPrefix(entry.ContentType, "image/")
		facts = append(facts, fmt.Sprintf("%d×%d", entry.Width, entry.Height), humanize.IBytes(uint64(max(0, entry.SizeBytes))))
	}
	if entry.Error != nil {
		c.Message = *entry.Error
	}
	facts = append(facts, fmt.Sprintf("%d ms", entry.DurationMS))
	c.Facts = strings.Join(append(facts, entry.Warnings...), " · ")
	return c
}
