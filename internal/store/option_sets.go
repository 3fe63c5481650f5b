package store

import (
	"context"
	"encoding/json"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

func setPurpose(jobID string, number int) string {
	return fmt.Sprintf("secrets of option set %d of job %s", number, jobID)
}

// insertOptionSets stores the variants of a job, and after them what single
// URLs have of their own.
func (s *Store) insertOptionSets(ctx context.Context, tx database.Tx, jobID string, request NewJob) error {
	pages, err := sharedPages(request)
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(request.Variants)+len(request.Sets))
	add := func(variant string, set darkroom.OptionSet, page int) error {
		number := len(rows) + 1
		options, sealed, err := s.closeSet(jobID, number, set)
		rows = append(rows, []any{jobID, number, variant, options, sealed, page})
		return err
	}
	for i, variant := range request.Variants {
		if err := add(variant.Name, variant.Set, pages[i]); err != nil {
			return err
		}
	}
	for _, set := range request.Sets {
		if err := add("", set, 0); err != nil {
			return err
		}
	}
	err = insertRows(ctx, tx, `INSERT INTO option_sets (job_id, number, variant, options, secrets, page_of) VALUES`, "", rows)
	return wrap(err, "insert the option sets")
}

// sharedPages gives for each variant the number of the one whose page it is
// shot from, 0 for none. What single URLs have of their own is not looked at:
// should it make a difference, the engine loads the page anew.
func sharedPages(request NewJob) ([]int, error) {
	variants := make([]darkroom.Options, len(request.Variants))
	for i, variant := range request.Variants {
		var err error
		if variants[i], err = variant.Set.Over(request.Options); err != nil {
			return nil, err
		}
	}
	pages := darkroom.SharedLoads(variants)
	for i := range pages {
		pages[i]++
	}
	return pages, nil
}

// pagesOf gives what sharedPages gave when the job was made.
func pagesOf(ctx context.Context, tx database.Tx, job darkroom.Job) ([]int, error) {
	if job.Variants == 0 {
		return nil, nil
	}
	pages, err := queryAll(ctx, tx, scanNumber, `SELECT page_of FROM option_sets WHERE job_id = ? AND number <= ? ORDER BY number`, job.ID, job.Variants)
	return pages, wrap(err, "read which variants share a page")
}

func scanNumber(r row) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}

func (s *Store) closeSet(jobID string, number int, set darkroom.OptionSet) (options, sealed string, err error) {
	clear, secret := set.Split()
	text, err := json.Marshal(clear)
	if err != nil {
		return "", "", fmt.Errorf("store an option set: %w", err)
	}
	if len(secret) == 0 {
		return string(text), "", nil
	}
	plain, err := json.Marshal(secret)
	if err != nil {
		return "", "", fmt.Errorf("seal an option set: %w", err)
	}
	return string(text), s.seal.close(plain, setPurpose(jobID, number)), nil
}

// layOver lays the option sets of a capture over the job's options: its URL's
// and then its variant's.
func (s *Store) layOver(ctx context.Context, tx database.Tx, claim *darkroom.Claim, sets ...int) error {
	for _, number := range sets {
		if number == 0 {
			continue
		}
		var options, sealed string
		err := tx.QueryRow(ctx, `SELECT options, secrets FROM option_sets WHERE job_id = ? AND number = ?`,
			claim.JobID, number).Scan(&options, &sealed)
		if err != nil {
			return fmt.Errorf("read option set %d of job %s: %w", number, claim.JobID, err)
		}
		set, err := s.openSet(claim.JobID, number, options, sealed)
		if err != nil {
			return err
		}
		if claim.Options, err = set.Over(claim.Options); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) openSet(jobID string, number int, options, sealed string) (set darkroom.OptionSet, err error) {
	parts := [][]byte{[]byte(options)}
	if sealed != "" {
		plain, err := s.seal.open(sealed, setPurpose(jobID, number))
		if err != nil {
			return nil, fmt.Errorf("read the secrets of option set %d of job %s: %w", number, jobID, err)
		}
		parts = append(parts, plain)
	}
	for _, part := range parts {
		if err := json.Unmarshal(part, &set); err != nil {
			return nil, fmt.Errorf("read option set %d of job %s: %w", number, jobID, err)
		}
	}
	return set, nil
}
