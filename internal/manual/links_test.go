package manual

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// No page of the project, served or not, has a link to what is not there. What
// is served may lead to other pages of the manual only: the rest of the
// project's folder is not served.
func TestNoLinkIsDead(t *testing.T) {
	const root = "../.."
	written := map[string]page{}
	for _, pattern := range []string{"*.md", "docs/*.md", "clients/node/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("no page at %s: %v", pattern, err)
		}
		for _, name := range names {
			written[strings.TrimPrefix(filepath.ToSlash(name), root+"/")] = pageOf(t, name)
		}
	}
	written["docs/"+referenceName+".md"] = opened(t).pages[referenceName]
	served := opened(t).pages
	links := 0
	for name, one := range written {
		for _, link := range one.links {
			links++
			if why := dead(link, name, written, root); why != "" {
				t.Errorf("%s: %s %s", name, link, why)
			}
			if path.Dir(name) == "docs" && !reaches(link, served) {
				t.Errorf("%s: %s is not served with the documentation", name, link)
			}
		}
	}
	if links < 100 {
		t.Errorf("only %d links were found", links)
	}
}

func pageOf(t *testing.T, name string) page {
	t.Helper()
	markdown, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	one, err := render(name, string(markdown), func(link string) string { return link })
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// dead tells why a link of a page leads nowhere; "" = it does not.
func dead(link, from string, written map[string]page, root string) string {
	target, err := url.Parse(link)
	switch {
	case err != nil:
		return err.Error()
	case target.Scheme != "":
		return ""
	case strings.HasPrefix(target.Path, "/"):
		if target.Path != "/openapi.json" {
			return "is no path of the server's that pages may lead to"
		}
		return ""
	}
	name := from
	if target.Path != "" {
		name = path.Join(path.Dir(from), target.Path)
	}
	page, isPage := written[name]
	if _, err := os.Stat(filepath.Join(root, name)); err != nil && !isPage {
		return "is no file"
	}
	if target.Fragment != "" && !page.anchors[target.Fragment] {
		return "is no heading there"
	}
	return ""
}

func reaches(link string, served map[string]page) bool {
	target, err := url.Parse(link)
	if err != nil || target.Scheme != "" || target.Path == "" || strings.HasPrefix(target.Path, "/") || strings.HasPrefix(target.Path, "screenshots/") {
		return err == nil
	}
	_, found := served[strings.TrimSuffix(target.Path, ".md")]
	return found
}
