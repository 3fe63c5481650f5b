package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"darkroom/client"
)

// record is what the manifest of an archive says of one URL, as far as the
// command line shows it.
type record struct {
	Index      int     `json:"index"`
	URL        string  `json:"url"`
	Variant    string  `json:"variant"`
	Filename   *string `json:"filename"`
	Success    bool    `json:"success"`
	Error      *string `json:"error"`
	ErrorCode  string  `json:"error_code"`
	HTTPStatus int     `json:"http_status"`
	Size       int64   `json:"size_bytes"`
	DurationMS int64   `json:"duration_ms"`
}

// readManifest gives the records of an archive on disk.
func readManifest(path string) (records []record, err error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	file, err := archive.Open("index.json")
	if err != nil {
		return nil, fmt.Errorf("find the manifest in the archive: %w", err)
	}
	defer closeQuietly(file)
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	var manifest struct {
		Results []record `json:"results"`
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	return manifest.Results, nil
}

func (r record) line() urlLine {
	line := urlLine{
		MessageType: "url", Index: r.Index, URL: r.URL, Variant: r.Variant, Status: "failed",
		Bytes: r.Size, DurationMS: r.DurationMS, HTTPStatus: r.HTTPStatus, Error: r.ErrorCode,
	}
	if r.Success {
		line.Status = "completed"
	}
	if r.Filename != nil {
		line.File = *r.Filename
	}
	if r.Error != nil {
		line.Message = *r.Error
	}
	return line
}

// tellResult shows how a job ended and where its archive is. Without a saved
// archive the job's own sentence is all that is known.
func (p *program) tellResult(job client.Job, saved string, took time.Duration) error {
	var records []record
	if saved != "" {
		var err error
		if records, err = readManifest(saved); err != nil {
			return err
		}
	}
	if p.json {
		return p.emitResult(job, records, saved, took)
	}
	if job.Error != nil {
		p.say("%s", *job.Error)
	}
	p.tellFailed(records)
	if saved == "" {
		return nil
	}
	if !p.terminal(p.stdout) {
		_, err := fmt.Fprintln(p.stdout, saved)
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "%s   %d pictures   %s\n", saved, job.Progress.Completed, size(saved))
	return err
}

// toldFailures is how many failed URLs are named; the manifest has them all.
const toldFailures = 20

func (p *program) tellFailed(records []record) {
	told := len(p.told)
	for _, r := range records {
		if r.Success || p.told[r.Index] {
			continue
		}
		if told++; told <= toldFailures {
			line := r.line()
			p.say("%s", failedLine(line.URL, line.Error, line.Message))
		}
	}
	if told > toldFailures {
		p.say("  … and %d more: see index.json", told-toldFailures)
	}
}

func (p *program) emitResult(job client.Job, records []record, saved string, took time.Duration) error {
	for _, r := range records {
		if err := p.emit(r.line()); err != nil {
			return err
		}
	}
	line := summaryLine{
		MessageType: "summary", JobID: job.ID, Status: job.Status,
		Completed: job.Progress.Completed, Failed: job.Progress.Failed, Total: job.Progress.Total,
		ZIP: saved, DurationMS: took.Milliseconds(),
		SitemapURL: job.SitemapURL, Discovery: job.Discovery, Warnings: job.Warnings,
	}
	if job.Error != nil {
		line.Error = *job.Error
	}
	return p.emit(line)
}
