package manual

import (
	"cmp"
	"slices"
	"strings"
)

// maxFound is how many places a search gives at most.
const maxFound = 30

// part is what stands between two headings, as text to be searched.
type part struct {
	Page    string
	Heading string // "" = before the first heading
	ID      string
	Title   string // of the page
	Text    string
	lower   string
}

// split cuts the Markdown of a page at its headings.
func split(one page) []part {
	parts := []part{{Page: one.Name, Title: one.Title}}
	next := 0
	fenced := false
	for line := range strings.Lines(one.Markdown) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced && strings.HasPrefix(line, "##") && next < len(one.Headings) {
			parts = append(parts, part{Page: one.Name, Title: one.Title, Heading: one.Headings[next].Title, ID: one.Headings[next].ID})
			next++
			continue
		}
		last := &parts[len(parts)-1]
		last.Text += line
	}
	for i := range parts {
		parts[i].lower = strings.ToLower(parts[i].Heading + "\n" + parts[i].Text)
	}
	return parts
}

// Found is one place that a search gives.
type Found struct {
	part
	Excerpt string
}

// search gives the places that have every word of the query, those first that
// have them in their heading.
func search(parts []part, query string) []Found {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	type scored struct {
		Found
		score int
	}
	var all []scored
	for _, one := range parts {
		if score := one.score(words); score > 0 {
			all = append(all, scored{Found{one, one.excerpt(words[0])}, score})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	var found []Found
	for _, one := range all[:min(len(all), maxFound)] {
		found = append(found, one.Found)
	}
	return found
}

func (p part) score(words []string) int {
	const inHeading, inText = 20, 1
	score := 0
	for _, word := range words {
		count := strings.Count(p.lower, word)
		if count == 0 && !strings.Contains(strings.ToLower(p.Title), word) {
			return 0
		}
		score += inText * min(count+1, inHeading/2)
		if strings.Contains(strings.ToLower(p.Heading), word) || p.Heading == "" && strings.Contains(strings.ToLower(p.Title), word) {
			score += inHeading
		}
	}
	return score
}

// excerpt is the line that has the word, without what tables are drawn with.
func (p part) excerpt(word string) string {
	const long = 240
	for line := range strings.Lines(p.Text) {
		if strings.Contains(strings.ToLower(line), word) {
			runes := []rune(strings.TrimSpace(strings.NewReplacer("|", " ", "`", "", "**", "").Replace(line)))
			if len(runes) > long {
				return string(runes[:long]) + " …"
			}
			return string(runes)
		}
	}
	return ""
}
