package darkroom_test

import (
	"testing"

	"darkroom"
)

func TestPaper(t *testing.T) {
	tests := []struct {
		options       darkroom.Options
		width, height float64
	}{
		{darkroom.Options{}, 8.27, 11.69},
		{darkroom.Options{PageFormat: "letter"}, 8.5, 11},
		{darkroom.Options{PageFormat: "letter", Landscape: true}, 11, 8.5},
	}
	for _, test := range tests {
		if got := test.options.Paper(); got.Width != test.width || got.Height != test.height {
			t.Errorf("%+v gives %+v", test.options, got)
		}
	}
	for _, paper := range darkroom.Papers() {
		if err := (darkroom.Options{PageFormat: paper.Name}).Validate(); err != nil || paper.Width > paper.Height {
			t.Errorf("%+v: %v", paper, err)
		}
	}
	if got := (darkroom.Options{Format: darkroom.FormatPDF}).ContentType(); got != "application/pdf" {
		t.Errorf("a pdf is %s", got)
	}
}

func TestWhatExcludesOneAnother(t *testing.T) {
	tests := []struct {
		name    string
		options darkroom.Options
		refused string
	}{
		{"pdf", darkroom.Options{Format: "pdf", FullPage: true, QualityGate: true, Evidence: true, Margin: 50}, ""},
		{"pdf of a clip", darkroom.Options{Format: "pdf", Clip: &darkroom.Clip{Width: 1, Height: 1}}, "clip and the format pdf"},
		{"pdf of an element", darkroom.Options{Format: "pdf", Selector: "p"}, "selector and the format pdf"},
		{"deterministic pdf", darkroom.Options{Format: "pdf", Deterministic: true}, "deterministic and the format pdf"},
		{"unknown paper", darkroom.Options{PageFormat: "a0"}, "page_format must be one of"},
		{"too wide a margin", darkroom.Options{Margin: 51}, "margin must be between 0 and 50 mm"},
		{"deterministic", darkroom.Options{Deterministic: true, Animations: "finish"}, ""},
		{"deterministic with animations", darkroom.Options{Deterministic: true, Animations: "allow"}, "deterministic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkRefusal(t, test.options.Validate(), test.refused) })
	}
}
