package demo

import (
	"bytes"
	"embed"
	"html/template"
)

//go:embed pages/*.html
var pageFiles embed.FS

// render makes a page from its template. The templates are part of the
// program, so one that fails is a mistake of ours and stops it.
func render(name string) []byte {
	set := template.Must(template.New(name).Funcs(functions()).ParseFS(pageFiles, "pages/fonts.html", "pages/"+name))
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, name, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// functions draw what no file holds. All of them give the same picture every
// time.
func functions() template.FuncMap {
	return template.FuncMap{
		"harbour":   harbour,
		"art":       art,
		"portrait":  portrait,
		"sky":       sky,
		"area":      areaChart,
		"bars":      barChart,
		"spark":     sparkline,
		"donut":     donut,
		"heat":      heatmap,
		"townMap":   townMap,
		"waves":     waves,
		"specks":    specks,
		"month":     month,
		"sailings":  sailings,
		"postcards": postcardList,
		"depths":    depths,
		"seq":       seq,
	}
}

// seq counts from 1 to n, for templates.
func seq(n int) []int {
	var numbers []int
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}
