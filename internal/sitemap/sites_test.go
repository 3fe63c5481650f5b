package sitemap_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/sitemap"
)

// Each folder of testdata/sites is a site as a well-known program writes it.
// want.txt has the pages, and what was skipped.
func TestSitesAsTheyAre(t *testing.T) {
	for _, site := range []struct{ name, start string }{
		{"wordpress-yoast", "/sitemap_index.xml"},
		{"wordpress-core", "/"},
		{"shopify", "/sitemap.xml"},
		{"nextjs", "/sitemap.xml"},
		{"hugo", ""},
		{"drupal", "/sitemap.xml"},
		{"ghost", "/robots.txt"},
		{"docusaurus", "/sitemap.xml"},
		{"news", "/news-sitemap.xml"},
		{"image", "/image-sitemap.xml"},
		{"video", "/video-sitemap.xml"},
		{"hreflang", "/sitemap.xml"},
		{"rss", "/feed.xml"},
		{"atom", "/feed.xml"},
		{"text", "/sitemap.txt"},
	} {
		t.Run(site.name, func(t *testing.T) {
			folder := filepath.Join("testdata", "sites", site.name)
			got := readWorld(t, folder).walk(t, darkroom.Crawl{SitemapURL: "https://www.example.com" + site.start}, sitemap.Limits{}, false)
			golden(t, filepath.Join(folder, "want.txt"), got.write(t))
		})
	}
}

// readWorld makes www.example.com of a folder. In file names @ stands for the
// ? of a query.
func readWorld(t *testing.T, folder string) world {
	t.Helper()
	w := world{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "want.txt" {
			return err
		}
		body, err := os.ReadFile(path)
		name := filepath.ToSlash(strings.TrimPrefix(path, folder))
		w["www.example.com"+strings.ReplaceAll(name, "@", "?")] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (UPDATE_GOLDEN=1 writes it):\n%s", path, got)
	}
}
