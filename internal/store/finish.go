package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// FinishJob ends a job whose captures have all ended and whose sitemap has been
// read, in one transaction: its
// files, its terminal status, when it expires, its secrets wiped, the event
// that tells of it, and when the job has a callback, the delivery there with
// the task for it. body makes the event's body from the job as it will be.
//
// A job that has already ended is given back as it is, and files are ignored.
// One with captures left is a CodeConflict.
func (s *Store) FinishJob(
	ctx context.Context, jobID string, files []File, body func(darkroom.Job) []byte,
) (darkroom.Job, error) {
	var job darkroom.Job
	err := s.update(ctx, func(tx database.Tx) error {
		stored, err := s.lockJob(ctx, tx, jobID)
		if err != nil {
			return err
		}
		job = stored.Job
		if job.Status.Terminal() {
			return nil
		}
		switch {
		case job.Progress.Expanding:
			return darkroom.Errorf(darkroom.CodeConflict, "The sitemap of job %s is still being read", job.ID)
		case stored.left > 0:
			return darkroom.Errorf(darkroom.CodeConflict, "Job %s has captures left", job.ID)
		}
		return s.finishJob(ctx, tx, &job, files, body)
	})
	if err != nil {
		return darkroom.Job{}, wrap(err, "finish job %s", jobID)
	}
	s.finished.tell(job.ID)
	s.stopped.tell(job.ID) // nobody needs to watch it any more
	s.told.tell(job.KeyID)
	return job, nil
}

func (s *Store) finishJob(
	ctx context.Context, tx database.Tx, job *darkroom.Job, files []File, body func(darkroom.Job) []byte,
) error {
	if err := insertFiles(ctx, tx, job.ID, files); err != nil {
		return err
	}
	outcome := job.Outcome()
	if err := changeStatus(ctx, tx, *job, outcome); err != nil {
		return err
	}
	job.Status = outcome
	job.CompletedAt = moment(milliseconds(s.now()))
	job.ExpiresAt = job.CompletedAt.Add(job.Retention)
	job.Layout = darkroom.ArchiveLayout
	if err := explainFailure(ctx, tx, job); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET completed_at = ?, expires_at = ?, layout = ?, error = ?,
		wiped = CASE WHEN secrets <> '' OR EXISTS (SELECT 1 FROM option_sets WHERE job_id = jobs.id AND secrets <> '') THEN 1 ELSE wiped END,
		secrets = '' WHERE id = ?`,
		milliseconds(job.CompletedAt), milliseconds(job.ExpiresAt), job.Layout, job.Error, job.ID); err != nil {
		return fmt.Errorf("end the job: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE option_sets SET secrets = '' WHERE job_id = ? AND secrets <> ''`, job.ID); err != nil {
		return fmt.Errorf("wipe the secrets of the option sets: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM lanes WHERE job_id = ? AND delay = 0`, job.ID); err != nil {
		return fmt.Errorf("delete the lanes: %w", err)
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, noCapture); err != nil {
		return err
	}
	return s.insertEvent(ctx, tx, *job, body(*job))
}

// explainFailure says why the whole job failed: that it was cancelled, or what
// its first capture failed with, unless its sitemap gave none, which was noted
// then.
func explainFailure(ctx context.Context, tx database.Tx, job *darkroom.Job) error {
	if job.Status != darkroom.StatusFailed || job.Progress.Total == 0 {
		return nil
	}
	if job.Cancelled {
		job.Error = fmt.Sprintf("%s: The job was cancelled before a capture had succeeded", darkroom.CodeCancelled)
		return nil
	}
	var code, message string
	err := tx.QueryRow(ctx, `SELECT code, message FROM captures WHERE job_id = ? ORDER BY ordinal LIMIT 1`, job.ID).Scan(&code, &message)
	if err != nil {
		return fmt.Errorf("find out why the job failed: %w", err)
	}
	job.Error = fmt.Sprintf("%s: %s", code, message)
	if job.Progress.Total > 1 {
		job.Error = fmt.Sprintf("All %d captures failed, the first with %s", job.Progress.Total, job.Error)
	}
	return nil
}

func insertFiles(ctx context.Context, tx database.Tx, jobID string, files []File) error {
	for _, file := range files {
		keep := insertArtifact
		if file.Held {
			keep = holdArtifact
		}
		if err := keep(ctx, tx, file.Artifact); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO job_files (job_id, name, artifact_key) VALUES (?, ?, ?)`,
			jobID, file.Name, file.Artifact.Key); err != nil {
			return fmt.Errorf("store file %s: %w", file.Name, err)
		}
	}
	return nil
}

// Files lists the files of a job besides its shots, by name; none before the
// job has ended and after its artifacts were forgotten.
func (s *Store) Files(ctx context.Context, jobID string) ([]File, error) {
	files, err := queryAll(ctx, s.db.Read(ctx), scanFile,
		`SELECT f.name, a.key, a.content_type, a.size, a.crc32, a.sha256, a.width, a.height
		FROM job_files f JOIN artifacts a ON a.key = f.artifact_key WHERE f.job_id = ? ORDER BY f.name`, jobID)
	return files, wrap(err, "read the files of job %s", jobID)
}

func scanFile(r row) (file File, err error) {
	a := &file.Artifact
	err = r.Scan(&file.Name, &a.Key, &a.ContentType, &a.Size, &a.CRC32, &a.SHA256, &a.Width, &a.Height)
	return file, err
}
