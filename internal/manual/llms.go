package manual

import (
	"fmt"
	"strings"
)

// llms is the index for programs that read: one line a page, with the address
// of its Markdown (llmstxt.org).
func (m *Manual) llms(b *book) string {
	var text strings.Builder
	text.WriteString("# Darkroom\n\n> A self-hosted service that photographs the web in bulk: post URLs or a sitemap, watch the job, download one ZIP.\n\n" +
		"The whole documentation in one file: [llms-full.txt](" + exampleAddress + "/llms-full.txt). " +
		"The API as OpenAPI 3.1: [openapi.json](" + exampleAddress + "/openapi.json).\n")
	for _, chapter := range b.chapters {
		fmt.Fprintf(&text, "\n## %s\n\n", chapter.Title)
		for _, one := range chapter.Pages {
			fmt.Fprintf(&text, "- [%s](%s/docs/%s.md)", one.Title, exampleAddress, one.Name)
			if one.About != "" {
				text.WriteString(": " + one.About)
			}
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// full is every page, one after the other.
func full(b *book) string {
	var text strings.Builder
	for _, chapter := range b.chapters {
		for _, one := range chapter.Pages {
			fmt.Fprintf(&text, "<!-- %s -->\n\n%s\n", one.Name, strings.TrimRight(b.pages[one.Name].Markdown, "\n"))
			text.WriteByte('\n')
		}
	}
	return text.String()
}
