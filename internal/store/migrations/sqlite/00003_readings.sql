-- +goose Up

-- Downloads that may outlast the expiry of their job.
CREATE TABLE readings (
    id      TEXT PRIMARY KEY,
    job_id  TEXT NOT NULL,
    seen_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX readings_job ON readings (job_id);
