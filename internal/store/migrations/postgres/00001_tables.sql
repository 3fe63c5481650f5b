-- +goose Up

-- The tables of ../sqlite, column by column; text is ordered by its bytes there too.

-- What belongs to the whole database, such as the check of the secret key.
CREATE TABLE settings (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE api_keys (
    id             TEXT COLLATE "C" PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL,
    hash           TEXT COLLATE "C" NOT NULL UNIQUE,
    prefix         TEXT COLLATE "C" NOT NULL,
    webhook_secret TEXT COLLATE "C" NOT NULL,              -- sealed
    old_webhook_secret TEXT COLLATE "C" NOT NULL DEFAULT '',   -- sealed; the one before the last rotation
    old_webhook_until  BIGINT NOT NULL DEFAULT 0,  -- how long that one signs too
    events         BIGINT NOT NULL DEFAULT 0,  -- how many its jobs have given so far
    changes        BIGINT NOT NULL DEFAULT 0,  -- of its jobs so far
    created_at     BIGINT NOT NULL,
    revoked_at     BIGINT NOT NULL DEFAULT 0,  -- 0 = works
    erased_at      BIGINT NOT NULL DEFAULT 0,  -- when everything of it was asked to go; 0 = it stays
    old_hash       TEXT COLLATE "C" NOT NULL DEFAULT '',   -- of the secret before the last rotation
    old_until      BIGINT NOT NULL DEFAULT 0,  -- how long that one works
    scopes         TEXT COLLATE "C" NOT NULL,              -- words
    limits         TEXT COLLATE "C" NOT NULL DEFAULT '',   -- JSON; '' = none
    queued         BIGINT NOT NULL DEFAULT 0,  -- captures of its jobs
    running        BIGINT NOT NULL DEFAULT 0,
    turn           BIGINT NOT NULL DEFAULT 0   -- when a capture of it was last claimed
);

-- Unique, so that the claim can walk key by key without sorting.
CREATE UNIQUE INDEX api_keys_owed ON api_keys (running, turn, id) WHERE queued > 0;

CREATE INDEX api_keys_old ON api_keys (old_hash) WHERE old_hash <> '';
CREATE INDEX api_keys_erased ON api_keys (erased_at) WHERE erased_at > 0;

-- How many requests of a key's limit were handed out in the last minute that
-- had any.
CREATE TABLE request_windows (
    key_id   TEXT COLLATE "C" PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    began_at BIGINT NOT NULL,
    taken    BIGINT NOT NULL
);

-- Who looks at the dashboard.
CREATE TABLE sessions (
    hash       TEXT PRIMARY KEY,  -- of the secret
    key_id     TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    once       BIGINT NOT NULL,   -- 1 = of a link that opens one
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_key ON sessions (key_id);

CREATE TABLE jobs (
    id               TEXT COLLATE "C" PRIMARY KEY,          -- UUIDv7: ids sort by creation
    key_id           TEXT COLLATE "C" NOT NULL REFERENCES api_keys (id),
    kind             TEXT COLLATE "C" NOT NULL,
    status           TEXT COLLATE "C" NOT NULL,
    name             TEXT COLLATE "C" NOT NULL,
    tags             TEXT COLLATE "C" NOT NULL,             -- JSON
    priority         BIGINT NOT NULL,           -- 0 normal, 1 low
    options          TEXT COLLATE "C" NOT NULL,             -- JSON, without secrets
    secrets          TEXT COLLATE "C" NOT NULL,             -- sealed; '' = none, or wiped
    variants         BIGINT NOT NULL,           -- captures of each URL; 0 = one, with the options of the job
    callback_url     TEXT COLLATE "C" NOT NULL,
    crawl            TEXT COLLATE "C" NOT NULL,             -- JSON; '' = a batch
    discovery        TEXT COLLATE "C" NOT NULL DEFAULT '',  -- JSON; '' = nothing was read yet
    expanding        BIGINT NOT NULL,           -- 1 = its sitemap gives more captures
    host_concurrency BIGINT NOT NULL,
    host_delay       BIGINT NOT NULL,           -- ms
    retention        BIGINT NOT NULL,           -- ms
    total            BIGINT NOT NULL,
    queued           BIGINT NOT NULL,
    running          BIGINT NOT NULL DEFAULT 0,
    completed        BIGINT NOT NULL DEFAULT 0,
    failed           BIGINT NOT NULL DEFAULT 0,
    retaken          BIGINT NOT NULL DEFAULT 0, -- captures put back because their pictures had gone
    retaking         BIGINT NOT NULL DEFAULT 0, -- those of them that have not ended again
    turn             BIGINT NOT NULL DEFAULT 0, -- when a capture of it was last claimed
    stint            BIGINT NOT NULL DEFAULT 0, -- when a slot last came to it from elsewhere
    gallery          BIGINT NOT NULL,           -- 1 = its archive gets index.html
    layout           BIGINT NOT NULL DEFAULT 0, -- of the archive; 0 before the end
    error            TEXT COLLATE "C" NOT NULL DEFAULT '',
    cancelled        BIGINT NOT NULL DEFAULT 0,
    retry_of         TEXT COLLATE "C" NOT NULL DEFAULT '',  -- job whose failures it captures again; '' = none
    unread           BIGINT NOT NULL DEFAULT 0, -- 1 = its sitemap was not read to the end
    wiped            BIGINT NOT NULL DEFAULT 0, -- 1 = it had secrets, which are gone since its end
    created_at       BIGINT NOT NULL,
    started_at       BIGINT NOT NULL DEFAULT 0,
    completed_at     BIGINT NOT NULL DEFAULT 0,
    expires_at       BIGINT NOT NULL DEFAULT 0,
    deadline         BIGINT NOT NULL,
    released         BIGINT NOT NULL DEFAULT 0, -- 1 = expired, and its artifacts are given up
    changed          BIGINT NOT NULL DEFAULT 0, -- number of the last change, among those of the key

    CHECK (queued >= 0 AND running >= 0 AND queued + running + completed + failed = total)
);

CREATE UNIQUE INDEX jobs_owed ON jobs (key_id, priority, running, turn, id) WHERE queued > 0;
CREATE INDEX jobs_list ON jobs (key_id, id);
CREATE INDEX jobs_list_status ON jobs (key_id, status, id);
CREATE INDEX jobs_changed ON jobs (key_id, changed);
CREATE INDEX jobs_ended ON jobs (id) WHERE status = 'processing' AND queued = 0 AND running = 0 AND expanding = 0;
CREATE INDEX jobs_expanding ON jobs (id) WHERE expanding = 1;
CREATE INDEX jobs_deadline ON jobs (deadline) WHERE queued > 0 OR expanding = 1;
CREATE INDEX jobs_expiry ON jobs (expires_at) WHERE expires_at > 0 AND released = 0;
CREATE INDEX jobs_history ON jobs (expires_at) WHERE released = 1;

-- Options that lie over those of the job: of its variants, numbered from 1, and
-- then of URLs that have options of their own. Equal ones are one row.
CREATE TABLE option_sets (
    job_id  TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number  BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,  -- name; '' = of URLs
    options TEXT COLLATE "C" NOT NULL,  -- JSON of what it names, without secrets
    secrets TEXT COLLATE "C" NOT NULL,  -- sealed; '' = none, or wiped
    page_of BIGINT NOT NULL DEFAULT 0,  -- number of the variant that is shot from the same page before; 0 = loads its own
    PRIMARY KEY (job_id, number)
);

CREATE TABLE job_tags (
    key_id TEXT COLLATE "C" NOT NULL,
    tag    TEXT COLLATE "C" NOT NULL,
    job_id TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, tag, job_id)
);
CREATE INDEX job_tags_job ON job_tags (job_id);

-- How many jobs a key has of each kind and status: lists show totals and must
-- not count.
CREATE TABLE job_counts (
    key_id TEXT COLLATE "C" NOT NULL,
    kind   TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    jobs   BIGINT NOT NULL,
    PRIMARY KEY (key_id, kind, status)
);

CREATE TABLE captures (
    job_id       TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    ordinal      BIGINT NOT NULL,
    url          TEXT COLLATE "C" NOT NULL,
    host         TEXT COLLATE "C" NOT NULL,
    option_set   BIGINT NOT NULL DEFAULT 0,  -- of its URL; 0 = none
    variant      BIGINT NOT NULL DEFAULT 0,  -- option_sets.number; lies over the other; 0 = none
    page_of      BIGINT NOT NULL DEFAULT 0,  -- ordinal of the capture that is shot from the same page before; 0 = loads its own
    state        TEXT COLLATE "C" NOT NULL DEFAULT 'queued',
    due_at       BIGINT NOT NULL DEFAULT 0,  -- while queued: not before; 0 = at once
    solo         BIGINT NOT NULL DEFAULT 0,  -- 1 = lost so often that it runs alone
    attempt      BIGINT NOT NULL DEFAULT 0,
    erred        BIGINT NOT NULL DEFAULT 0,  -- attempts that failed by themselves
    lost         BIGINT NOT NULL DEFAULT 0,  -- attempts that died with their worker
    again        BIGINT NOT NULL DEFAULT 0,  -- 1 = its picture had gone when the job should have ended
    instance     TEXT COLLATE "C" NOT NULL DEFAULT '',   -- of the last claim
    claimed_at   BIGINT NOT NULL DEFAULT 0,
    code         TEXT COLLATE "C" NOT NULL DEFAULT '',
    message      TEXT COLLATE "C" NOT NULL DEFAULT '',
    artifact_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    final_url    TEXT COLLATE "C" NOT NULL DEFAULT '',
    http_status  BIGINT NOT NULL DEFAULT 0,
    title        TEXT COLLATE "C" NOT NULL DEFAULT '',
    warnings     TEXT COLLATE "C" NOT NULL DEFAULT '',   -- JSON; '' = none
    pixel_hash   TEXT COLLATE "C" NOT NULL DEFAULT '',   -- of a deterministic picture
    stable       BIGINT NOT NULL DEFAULT 0,
    blocked      BIGINT NOT NULL DEFAULT 0,  -- requests kept back
    duration     BIGINT NOT NULL DEFAULT 0,  -- ms
    captured_at  BIGINT NOT NULL DEFAULT 0,
    cache_key    TEXT COLLATE "C" NOT NULL DEFAULT '',   -- of a picture that may answer other captures
    cached       BIGINT NOT NULL DEFAULT 0,  -- 1 = the picture was taken for another capture
    changed      BIGINT NOT NULL DEFAULT 0,  -- number of the last change, among those of the key; 0 = it waits for its first
    PRIMARY KEY (job_id, ordinal)
);
CREATE INDEX captures_lane ON captures (job_id, host, solo, due_at, ordinal) WHERE state = 'queued';
CREATE INDEX captures_running ON captures (instance) WHERE state = 'running';
CREATE INDEX captures_changed ON captures (job_id, changed, ordinal) WHERE changed > 0;
CREATE INDEX captures_url ON captures USING hash (url); -- a tree cannot hold long ones
CREATE INDEX captures_cache ON captures (cache_key, captured_at) WHERE cache_key <> '';

-- The queued captures of one job and host, so that the claim looks at one row
-- per host and not at one per capture. Rows go when the job ends, but for those
-- whose host asks for a delay: a retry must keep to that too.
CREATE TABLE lanes (
    job_id  TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    host    TEXT COLLATE "C" NOT NULL,
    solo    BIGINT NOT NULL,
    key_id  TEXT COLLATE "C" NOT NULL,
    queued  BIGINT NOT NULL,
    due_at  BIGINT NOT NULL,  -- of its first capture
    ordinal BIGINT NOT NULL,  -- of its first capture
    delay   BIGINT NOT NULL,  -- ms that the host itself asks for between two captures
    PRIMARY KEY (job_id, host, solo)
);
CREATE UNIQUE INDEX lanes_next ON lanes (job_id, solo, due_at, ordinal, host) WHERE queued > 0;
CREATE INDEX lanes_due ON lanes (due_at) WHERE queued > 0;
CREATE INDEX lanes_solo ON lanes (due_at) WHERE queued > 0 AND solo = 1;

-- The captures of one host, over all jobs of the key.
CREATE TABLE key_hosts (
    key_id  TEXT COLLATE "C" NOT NULL,
    host    TEXT COLLATE "C" NOT NULL,
    queued  BIGINT NOT NULL,
    running BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, host)
);
CREATE INDEX key_hosts_idle ON key_hosts (key_id) WHERE queued = 0 AND running = 0;

-- The pace of one host, over all keys.
CREATE TABLE hosts (
    host    TEXT COLLATE "C" PRIMARY KEY,
    queued  BIGINT NOT NULL,
    running BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL DEFAULT 0,  -- the next claim not before
    rests   BIGINT NOT NULL DEFAULT 0   -- how often in a row it has asked to be left alone
);
CREATE INDEX hosts_next ON hosts (next_at) WHERE queued > 0;
CREATE INDEX hosts_idle ON hosts (next_at) WHERE queued = 0 AND running = 0;

-- Stored bytes. One artifact may belong to several jobs; uses counts the
-- captures, their evidence and the files of live jobs that refer to it, and of
-- a thumbnail the picture.
CREATE TABLE artifacts (
    key          TEXT COLLATE "C" PRIMARY KEY,
    content_type TEXT COLLATE "C" NOT NULL,
    size         BIGINT NOT NULL,
    crc32        BIGINT NOT NULL,
    sha256       TEXT COLLATE "C" NOT NULL,
    width        BIGINT NOT NULL,
    height       BIGINT NOT NULL,
    uses         BIGINT NOT NULL,
    thumbnail    TEXT COLLATE "C" NOT NULL DEFAULT '',  -- key of the artifact that is its thumbnail; '' = none was made
    CHECK (uses >= 0)
);
CREATE INDEX artifacts_unused ON artifacts (key) WHERE uses = 0;

-- What was noticed of a capture besides its picture, in its last attempt that
-- was recorded. Rows go when the job expires.
CREATE TABLE capture_evidence (
    job_id    TEXT COLLATE "C" NOT NULL,
    ordinal   BIGINT NOT NULL,
    evidence  TEXT COLLATE "C" NOT NULL,    -- JSON
    requested BIGINT NOT NULL,  -- 1 = the option asked for it
    frame_key TEXT COLLATE "C" NOT NULL,    -- artifact of the last frame; '' = none
    PRIMARY KEY (job_id, ordinal),
    FOREIGN KEY (job_id, ordinal) REFERENCES captures (job_id, ordinal) ON DELETE CASCADE
);

CREATE TABLE job_files (
    job_id       TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    artifact_key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job_id, name)
);

-- What is told of the end of a job, to its callback and to whoever listens.
CREATE TABLE events (
    id         TEXT COLLATE "C" PRIMARY KEY,
    job_id     TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    key_id     TEXT COLLATE "C" NOT NULL,
    position   BIGINT NOT NULL,  -- among those of the key, from 1, in the order of their commits
    event      TEXT COLLATE "C" NOT NULL,
    body       BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX events_feed ON events (key_id, position);
CREATE INDEX events_job ON events (job_id);

CREATE TABLE deliveries (
    id           TEXT COLLATE "C" PRIMARY KEY,  -- the event's
    job_id       TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    key_id       TEXT COLLATE "C" NOT NULL,
    url          TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    redeliveries BIGINT NOT NULL DEFAULT 0,  -- how often it was asked for again
    settled      BIGINT NOT NULL DEFAULT 0,  -- attempts before the last of these
    next_at      BIGINT NOT NULL,            -- the next attempt not before
    created_at   BIGINT NOT NULL
);
CREATE INDEX deliveries_key ON deliveries (key_id, id);
CREATE INDEX deliveries_job ON deliveries (job_id);
CREATE INDEX deliveries_pending ON deliveries (next_at) WHERE state = 'pending';

CREATE TABLE delivery_attempts (
    delivery_id TEXT COLLATE "C" NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    attempt     BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    duration    BIGINT NOT NULL,  -- ms
    header      TEXT COLLATE "C" NOT NULL,    -- as sent; JSON
    status      BIGINT NOT NULL,  -- 0 = no response
    code        TEXT COLLATE "C" NOT NULL,    -- of what failed without one
    error       TEXT COLLATE "C" NOT NULL,
    response    BYTEA NOT NULL,
    PRIMARY KEY (delivery_id, attempt)
);

CREATE TABLE idempotency (
    key_id          TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    body_hash       TEXT COLLATE "C" NOT NULL,
    job_id          TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (key_id, idempotency_key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
CREATE INDEX idempotency_job ON idempotency (job_id);

CREATE TABLE instances (
    id         TEXT COLLATE "C" PRIMARY KEY,
    version    TEXT COLLATE "C" NOT NULL,
    slots      BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE TABLE usage_days (
    key_id      TEXT COLLATE "C" NOT NULL,
    day         BIGINT NOT NULL,  -- its first moment, UTC
    requests    BIGINT NOT NULL DEFAULT 0,
    screenshots BIGINT NOT NULL DEFAULT 0,
    batches     BIGINT NOT NULL DEFAULT 0,
    sitemaps    BIGINT NOT NULL DEFAULT 0,
    cached      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, day)
);
