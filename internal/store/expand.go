package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"darkroom"
	"darkroom/internal/database"
)

// BeginDiscovery tells that the sitemap of a job is being read, which makes it
// processing. It may be called again for the same job: after a crash the
// reading begins anew. ok is false when there is nothing to read any more.
func (s *Store) BeginDiscovery(ctx context.Context, jobID string) (job darkroom.Job, ok bool, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		job, ok = darkroom.Job{}, false
		stored, err := s.lockJob(ctx, tx, jobID)
		if err != nil || !stored.Progress.Expanding {
			return err
		}
		job, ok = stored.Job, true
		if job.Status != darkroom.StatusPending {
			return nil
		}
		if err := changeStatus(ctx, tx, job, darkroom.StatusProcessing); err != nil {
			return err
		}
		job.Status, job.StartedAt = darkroom.StatusProcessing, moment(milliseconds(s.now()))
		if _, err := tx.Exec(ctx, `UPDATE jobs SET started_at = ? WHERE id = ?`, milliseconds(job.StartedAt), job.ID); err != nil {
			return err
		}
		return noteChange(ctx, tx, job.KeyID, job.ID, noCapture)
	})
	return job, ok && err == nil, wrap(err, "begin to read the sitemap of job %s", jobID)
}

// TargetURLs gives the URLs that a job has captures for.
func (s *Store) TargetURLs(ctx context.Context, jobID string) (map[string]bool, error) {
	urls := map[string]bool{}
	for last := 0; ; last += capturePage {
		page, err := queryAll(ctx, s.db.Read(ctx), scanText,
			`SELECT url FROM captures WHERE job_id = ? AND ordinal > ? AND ordinal <= ?`, jobID, last, last+capturePage)
		if err != nil {
			return nil, fmt.Errorf("read the URLs of job %s: %w", jobID, err)
		}
		for _, url := range page {
			urls[url] = true
		}
		if len(page) < capturePage {
			return urls, nil
		}
	}
}

// AddTargets adds the captures of URLs to a job whose sitemap is being read,
// wakes slots for them and keeps what is known of the reading so far, all in
// one transaction. after is how many URLs of the job the caller knows of, and
// total how many there are now: when there are more, or the reading has ended,
// someone else is at it, nothing is added, and the error is a CodeConflict. An
// empty page only keeps what is known. No URL may be added twice.
func (s *Store) AddTargets(
	ctx context.Context, jobID string, after int, page []Target, sofar darkroom.Discovery,
) (total int, err error) {
	sofar.Ended = false
	err = s.update(ctx, func(tx database.Tx) error {
		job, err := s.findExpanding(ctx, tx, jobID, after)
		if err != nil {
			return err
		}
		total = after + len(page)
		if total > job.Crawl.MaxPages {
			return fmt.Errorf("%d pages are more than the %d that were asked for", total, job.Crawl.MaxPages)
		}
		if err := s.addTargets(ctx, tx, job, after, page); err != nil {
			return err
		}
		return keepDiscovery(ctx, tx, jobID, sofar)
	})
	if err != nil {
		return 0, wrap(err, "add %d captures to job %s", len(page), jobID)
	}
	return total, nil
}

// findExpanding gives the job only to the one who knows all of its captures.
func (s *Store) findExpanding(ctx context.Context, tx database.Tx, jobID string, after int) (storedJob, error) {
	job, err := s.lockJob(ctx, tx, jobID)
	switch {
	case err != nil:
		return storedJob{}, err
	case !job.Progress.Expanding:
		return storedJob{}, darkroom.Errorf(darkroom.CodeConflict, "The sitemap of job %s is not being read any more", jobID)
	case job.URLs() != after:
		return storedJob{}, darkroom.Errorf(darkroom.CodeConflict, "The sitemap of job %s is being read by someone else", jobID)
	}
	return job, nil
}

func (s *Store) addTargets(ctx context.Context, tx database.Tx, job storedJob, after int, page []Target) error {
	if len(page) == 0 {
		return nil
	}
	if err := insertTargets(ctx, tx, job.Job, after, page); err != nil {
		return err
	}
	if err := countTargets(ctx, tx, job.Job, page); err != nil {
		return err
	}
	added, failed := len(page)*job.CapturesPerURL(), refused(page)*job.CapturesPerURL()
	_, err := tx.Exec(ctx, `UPDATE jobs SET total = total + ?, queued = queued + ?, failed = failed + ? WHERE id = ?`,
		added, added-failed, failed, job.ID)
	if err != nil {
		return fmt.Errorf("count the captures of the job: %w", err)
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, hasBegun+` AND changed = 0`); err != nil {
		return err
	}
	usage := Usage{Screenshots: int64(added)}
	if err := addUsage(ctx, tx, keyDay{job.KeyID, dayOf(s.now())}, usage); err != nil {
		return err
	}
	return s.wake(ctx, tx, added-failed, s.now())
}

// EndDiscovery tells that the job gets no more captures, and inserts its finish
// task when none is left. after is as in AddTargets. A failure that leaves the
// job without any capture is the job's error at its end; with captures it is
// a warning among those of d. It is told once: a warning of d that says the
// same is left out.
func (s *Store) EndDiscovery(ctx context.Context, jobID string, after int, d darkroom.Discovery, failure *darkroom.Error) error {
	err := s.update(ctx, func(tx database.Tx) error {
		job, err := s.findExpanding(ctx, tx, jobID, after)
		if err != nil {
			return err
		}
		return s.endDiscovery(ctx, tx, job, d, failure)
	})
	return wrap(err, "end the reading of the sitemap of job %s", jobID)
}

func (s *Store) endDiscovery(ctx context.Context, tx database.Tx, job storedJob, d darkroom.Discovery, failure *darkroom.Error) error {
	if job.Status == darkroom.StatusPending {
		if err := changeStatus(ctx, tx, job.Job, darkroom.StatusProcessing); err != nil {
			return err
		}
	}
	if failure == nil && job.Progress.Total == 0 {
		failure = darkroom.Errorf(darkroom.CodeNoURLs, "The sitemap has no page to capture")
	}
	text := ""
	if failure != nil {
		text = fmt.Sprintf("%s: %s", failure.Code, failure.Sentence())
		d.Warnings = slices.DeleteFunc(slices.Clone(d.Warnings), func(w string) bool { return w == failure.Sentence() })
	}
	if text != "" && job.Progress.Total > 0 {
		d.Warnings, text = append(d.Warnings, text), ""
	}
	d.Ended = true
	if err := keepDiscovery(ctx, tx, job.ID, d); err != nil {
		return err
	}
	left := remaining{id: job.ID}
	err := tx.QueryRow(ctx, `UPDATE jobs SET expanding = 0, error = ?, unread = ? WHERE id = ? RETURNING `+remainingColumns, text, failure != nil, job.ID).
		Scan(&left.captures, &left.expanding, &left.retaken)
	if err != nil {
		return fmt.Errorf("end the reading: %w", err)
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, noCapture); err != nil {
		return err
	}
	return s.finishIfDone(ctx, tx, left)
}

func keepDiscovery(ctx context.Context, tx database.Tx, jobID string, d darkroom.Discovery) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("store what was read of the sitemap: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE jobs SET discovery = ? WHERE id = ?`, string(text), jobID)
	return wrap(err, "store what was read of the sitemap")
}

// encodeCrawl gives "" for a batch.
func encodeCrawl(job darkroom.Job) (string, error) {
	if job.Kind != darkroom.KindSitemap {
		return "", nil
	}
	text, err := json.Marshal(job.Crawl)
	return string(text), wrap(err, "store what was asked of the sitemap")
}

func decodeCrawl(job *darkroom.Job, crawl, discovery string) error {
	if crawl != "" {
		if err := json.Unmarshal([]byte(crawl), &job.Crawl); err != nil {
			return fmt.Errorf("read what job %s was asked of its sitemap: %w", job.ID, err)
		}
	}
	if discovery != "" {
		if err := json.Unmarshal([]byte(discovery), &job.Discovery); err != nil {
			return fmt.Errorf("read what job %s has read of its sitemap: %w", job.ID, err)
		}
	}
	return nil
}
