-- +goose Up

-- Single screenshots that an instance without a browser hands to one that has
-- some. A row goes when it has been answered for, or at the latest with its
-- deadline.
CREATE TABLE screenshots (
    id           TEXT COLLATE "C" PRIMARY KEY,
    request      TEXT COLLATE "C" NOT NULL,             -- sealed
    deadline     BIGINT NOT NULL,
    attempt      BIGINT NOT NULL DEFAULT 0,
    instance     TEXT COLLATE "C" NOT NULL DEFAULT '',  -- of the last attempt
    answer       TEXT COLLATE "C" NOT NULL DEFAULT '',  -- sealed; '' = none yet
    artifact_key TEXT COLLATE "C" NOT NULL DEFAULT ''   -- '' = no picture
);
CREATE INDEX screenshots_deadline ON screenshots (deadline);

-- The trace that a job's spans belong to, as a traceparent header; '' = none.
ALTER TABLE jobs ADD COLUMN trace TEXT COLLATE "C" NOT NULL DEFAULT '';
