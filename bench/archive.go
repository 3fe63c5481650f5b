package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
)

// manifest is what the bench reads of an archive's index.json.
type manifest struct {
	Results []struct {
		URL        string  `json:"url"`
		Filename   string  `json:"filename"`
		DurationMS float64 `json:"duration_ms"`
	} `json:"results"`
}

// unpack puts an archive's pictures where the drivers put theirs, and gives
// each page's time.
func unpack(path string, t task) ([]float64, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	var index manifest
	file, err := archive.Open("index.json")
	if err != nil {
		return nil, err
	}
	if err := json.NewDecoder(file).Decode(&index); err != nil {
		return nil, fmt.Errorf("read index.json: %w", err)
	}
	var times []float64
	for _, result := range index.Results {
		times = append(times, result.DurationMS)
		page := slices.Index(t.urls, result.URL)
		if page < 0 {
			return nil, fmt.Errorf("nobody asked for %s", result.URL)
		}
		if result.Filename == "" {
			continue
		}
		if err := extract(&archive.Reader, result.Filename, t.file(page)); err != nil {
			return nil, err
		}
	}
	return times, nil
}

func extract(archive *zip.Reader, name, path string) error {
	from, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if closing := to.Close(); err == nil {
		err = closing
	}
	return err
}
