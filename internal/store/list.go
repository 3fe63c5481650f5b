package store

import (
	"context"
	"strings"

	"darkroom"
)

// Jobs gives a page of a key's jobs, newest first, without their secrets.
func (s *Store) Jobs(ctx context.Context, keyID string, filter JobFilter) (JobPage, error) {
	limit := filter.Limit
	if limit <= 0 {
		limit = darkroom.DefaultListLimit
	}
	where, args := filter.conditions(keyID)
	read := s.db.Read(ctx)
	rows, err := queryAll(ctx, read, scanJob,
		`SELECT `+jobColumns+` FROM jobs WHERE `+where+` ORDER BY id DESC LIMIT ? OFFSET ?`,
		append(args, min(limit, darkroom.MaxListLimit), max(filter.Offset, 0))...)
	if err != nil {
		return JobPage{}, wrap(err, "list jobs")
	}
	page := JobPage{Jobs: make([]darkroom.Job, 0, len(rows))}
	for _, job := range rows {
		page.Jobs = append(page.Jobs, job.Job)
	}
	query, args := filter.counting(keyID, where, args)
	err = read.QueryRow(ctx, query, args...).Scan(&page.Total)
	return page, wrap(err, "count jobs")
}

// conditions are SQL over jobs and its arguments.
func (f JobFilter) conditions(keyID string) (string, []any) {
	where, args := []string{"key_id = ?"}, []any{keyID}
	add := func(wanted bool, condition string, values ...any) {
		if wanted {
			where, args = append(where, condition), append(args, values...)
		}
	}
	add(f.Status != "", "status = ?", string(f.Status))
	add(f.Type != "", "kind = ?", string(f.Type))
	add(f.Tag != "", "id IN (SELECT job_id FROM job_tags WHERE key_id = ? AND tag = ?)", keyID, f.Tag)
	part := "%" + escapeLike(f.Query) + "%"
	add(f.Query != "", `(lower(name) LIKE ? ESCAPE '\' OR id LIKE ? ESCAPE '\')`, part, part)
	add(!f.CreatedAfter.IsZero(), "created_at >= ?", milliseconds(f.CreatedAfter))
	add(!f.CreatedBefore.IsZero(), "created_at < ?", milliseconds(f.CreatedBefore))
	return strings.Join(where, " AND "), args
}

// counting takes the kept numbers where they suffice.
func (f JobFilter) counting(keyID, where string, args []any) (string, []any) {
	if f.Tag != "" || f.Query != "" || !f.CreatedAfter.IsZero() || !f.CreatedBefore.IsZero() {
		return `SELECT count(*) FROM jobs WHERE ` + where, args
	}
	kept, _ := JobFilter{Status: f.Status, Type: f.Type}.conditions(keyID)
	return `SELECT coalesce(sum(jobs), 0) FROM job_counts WHERE ` + kept, args
}

// escapeLike also lowers: LIKE ignores case for ASCII only, and only on some
// databases.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text))
}
