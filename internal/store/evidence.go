package store

import (
	"context"
	"encoding/json"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// Kept is what the last attempt that was recorded has left of a capture besides
// its result.
type Kept struct {
	Evidence  *darkroom.Evidence // without its last frame; nil = none
	LastFrame darkroom.Artifact  // Key "" = none
	Requested bool               // the option evidence asked for it
	Thumbnail string             // key of the thumbnail's artifact; "" = none was made yet
}

// keepEvidence puts the evidence of an attempt in the place of that of the one
// before.
func keepEvidence(ctx context.Context, tx database.Tx, claim darkroom.Claim, outcome Outcome) error {
	if claim.Attempt > 1 {
		if err := dropEvidence(ctx, tx, claim.JobID, claim.Ordinal); err != nil {
			return err
		}
	}
	if outcome.Evidence == nil {
		return nil
	}
	text, err := json.Marshal(outcome.Evidence)
	if err != nil {
		return fmt.Errorf("write the evidence of capture %s: %w", claim.CaptureID, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO capture_evidence (job_id, ordinal, evidence, requested, frame_key) VALUES (?, ?, ?, ?, ?)`,
		claim.JobID, claim.Ordinal, string(text), claim.Options.Evidence, outcome.LastFrame.Key); err != nil {
		return fmt.Errorf("store the evidence of capture %s: %w", claim.CaptureID, err)
	}
	if outcome.LastFrame.Key == "" {
		return nil
	}
	return insertArtifact(ctx, tx, outcome.LastFrame)
}

func dropEvidence(ctx context.Context, tx database.Tx, jobID string, ordinal int) error {
	if _, err := tx.Exec(ctx, `UPDATE artifacts SET uses = uses - 1 WHERE key =
		(SELECT frame_key FROM capture_evidence WHERE job_id = ? AND ordinal = ? AND frame_key <> '')`, jobID, ordinal); err != nil {
		return fmt.Errorf("give up a last frame: %w", err)
	}
	_, err := tx.Exec(ctx, `DELETE FROM capture_evidence WHERE job_id = ? AND ordinal = ?`, jobID, ordinal)
	return wrap(err, "drop the evidence of a capture")
}

// What scanKept reads, and where from, beside captures.
const (
	keptColumns = `, coalesce(a.thumbnail, ''), coalesce(e.evidence, ''), coalesce(e.requested, 0), coalesce(f.key, ''), coalesce(f.content_type, ''),
	coalesce(f.size, 0), coalesce(f.crc32, 0), coalesce(f.sha256, ''), coalesce(f.width, 0), coalesce(f.height, 0) `
	keptTables = `LEFT JOIN capture_evidence e ON e.job_id = c.job_id AND e.ordinal = c.ordinal
	LEFT JOIN artifacts f ON f.key = e.frame_key `
)

func scanKept(r row) (k Result, err error) {
	var text string
	f := &k.LastFrame
	k.Capture, err = scanCapture(rowWith{r, []any{
		&k.Thumbnail, &text, &k.Requested, &f.Key, &f.ContentType, &f.Size, &f.CRC32, &f.SHA256, &f.Width, &f.Height,
	}})
	if err != nil || text == "" {
		return k, err
	}
	k.Evidence = new(darkroom.Evidence)
	if err := json.Unmarshal([]byte(text), k.Evidence); err != nil {
		return k, fmt.Errorf("read the evidence of capture %s: %w", k.ID, err)
	}
	return k, nil
}

// rowWith is a row with more columns than whoever scans it knows of.
type rowWith struct {
	row
	more []any
}

// Scan reads the others too.
func (r rowWith) Scan(dest ...any) error { return r.row.Scan(append(dest, r.more...)...) }
