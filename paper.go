package darkroom

import "slices"

// Paper is the size of a page of a PDF, upright, in inches: what the DevTools
// protocol wants.
type Paper struct {
	Name          string // as in the option page_format
	Width, Height float64
}

// Papers lists every size that page_format may name; the first is the default.
func Papers() []Paper {
	return []Paper{
		{"a4", 8.27, 11.69},
		{"a3", 11.69, 16.54},
		{"a5", 5.83, 8.27},
		{"letter", 8.5, 11},
		{"legal", 8.5, 14},
		{"tabloid", 11, 17},
	}
}

// Paper is the one that the options name, or the default; turned when they say
// landscape.
func (o Options) Paper() Paper {
	papers := Papers()
	found := max(0, slices.IndexFunc(papers, func(p Paper) bool { return p.Name == o.PageFormat }))
	paper := papers[found]
	if o.Landscape {
		paper.Width, paper.Height = paper.Height, paper.Width
	}
	return paper
}

func paperNames() []string {
	papers := Papers()
	names := make([]string, 0, len(papers))
	for _, paper := range papers {
		names = append(names, paper.Name)
	}
	return names
}

// validatePDF refuses what needs pixels.
func (o Options) validatePDF() error {
	for _, conflict := range []struct {
		name  string
		given bool
	}{
		{"clip", o.Clip != nil},
		{"selector", o.Selector != ""},
		{"deterministic", o.Deterministic},
	} {
		if conflict.given {
			return Invalid(conflict.name, "%s and the format pdf exclude each other: a pdf is the whole page, and not made of pixels", conflict.name)
		}
	}
	return nil
}
