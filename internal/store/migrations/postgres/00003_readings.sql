-- +goose Up

-- Downloads that may outlast the expiry of their job.
CREATE TABLE readings (
    id      TEXT COLLATE "C" PRIMARY KEY,
    job_id  TEXT COLLATE "C" NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX readings_job ON readings (job_id);
