package store

import (
	"strings"
	"testing"

	"darkroom/internal/database"
)

// books are the sums that must hold whenever nobody is in the middle of a
// transaction. Each statement gives what contradicts them.
var books = []struct{ rule, query string }{
	{"a job's counters are its captures", `SELECT j.id FROM jobs j WHERE
		j.total <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id)
		OR j.queued <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id AND c.state = 'queued')
		OR j.running <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id AND c.state = 'running')
		OR j.completed <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id AND c.state = 'completed')
		OR j.failed <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id AND c.state = 'failed')`},
	{"ordinals run from 1 to total", `SELECT j.id FROM jobs j WHERE
		(SELECT min(ordinal) FROM captures c WHERE c.job_id = j.id) <> 1
		OR (SELECT max(ordinal) FROM captures c WHERE c.job_id = j.id) <> j.total`},
	{"a key's counters are its jobs'", `SELECT k.id FROM api_keys k WHERE
		k.queued <> (SELECT coalesce(sum(queued), 0) FROM jobs j WHERE j.key_id = k.id)
		OR k.running <> (SELECT coalesce(sum(running), 0) FROM jobs j WHERE j.key_id = k.id)`},
	{"a key's counters of a host are its captures", `SELECT m.host FROM key_hosts m WHERE
		m.queued <> (SELECT count(*) FROM captures c JOIN jobs j ON j.id = c.job_id
			WHERE j.key_id = m.key_id AND c.host = m.host AND c.state = 'queued')
		OR m.running <> (SELECT count(*) FROM captures c JOIN jobs j ON j.id = c.job_id
			WHERE j.key_id = m.key_id AND c.host = m.host AND c.state = 'running')`},
	{"a host's counters are its keys'", `SELECT h.host FROM hosts h WHERE
		h.queued <> (SELECT coalesce(sum(m.queued), 0) FROM key_hosts m WHERE m.host = h.host)
		OR h.running <> (SELECT coalesce(sum(m.running), 0) FROM key_hosts m WHERE m.host = h.host)`},
	{"every busy host is known", `SELECT c.host FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE c.state IN ('queued', 'running')
		AND (NOT EXISTS (SELECT 1 FROM key_hosts m WHERE m.key_id = j.key_id AND m.host = c.host)
			OR NOT EXISTS (SELECT 1 FROM hosts h WHERE h.host = c.host))`},
	{"a lane's length is its queued captures", `SELECT l.job_id FROM lanes l WHERE l.queued <> (SELECT count(*)
		FROM captures c WHERE c.job_id = l.job_id AND c.host = l.host AND c.solo = l.solo AND c.state = 'queued')`},
	{"a lane begins with its first capture", `SELECT l.job_id FROM lanes l WHERE l.queued > 0 AND (l.due_at, l.ordinal) <>
		(SELECT c.due_at, c.ordinal FROM captures c WHERE c.job_id = l.job_id AND c.host = l.host AND c.solo = l.solo
		AND c.state = 'queued' ORDER BY c.due_at, c.ordinal LIMIT 1)`},
	{"every queued capture has a lane", `SELECT c.job_id FROM captures c WHERE c.state = 'queued' AND NOT EXISTS
		(SELECT 1 FROM lanes l WHERE l.job_id = c.job_id AND l.host = c.host AND l.solo = c.solo AND l.queued > 0)`},
	{"the kept numbers of jobs are the jobs", `SELECT n.key_id FROM job_counts n WHERE n.jobs <>
		(SELECT count(*) FROM jobs j WHERE j.key_id = n.key_id AND j.kind = n.kind AND j.status = n.status)`},
	{"every job is counted", `SELECT j.id FROM jobs j WHERE NOT EXISTS
		(SELECT 1 FROM job_counts n WHERE n.key_id = j.key_id AND n.kind = j.kind AND n.status = j.status AND n.jobs > 0)`},
	{"an artifact's uses are its references in live jobs", `SELECT a.key FROM artifacts a WHERE a.uses <>
		(SELECT count(*) FROM captures c JOIN jobs j ON j.id = c.job_id WHERE c.artifact_key = a.key AND j.released = 0)
		+ (SELECT count(*) FROM job_files f JOIN jobs j ON j.id = f.job_id WHERE f.artifact_key = a.key AND j.released = 0)
		+ (SELECT count(*) FROM capture_evidence e WHERE e.frame_key = a.key) + (SELECT count(*) FROM artifacts p WHERE p.thumbnail = a.key)`},
	{"evidence goes when its job expires", `SELECT e.job_id FROM capture_evidence e JOIN jobs j ON j.id = e.job_id WHERE j.released = 1`},
	{"a last frame has its artifact", `SELECT job_id FROM capture_evidence WHERE frame_key <> '' AND NOT EXISTS
		(SELECT 1 FROM artifacts a WHERE a.key = frame_key)`},
	{"only what was taken has evidence", `SELECT e.job_id FROM capture_evidence e JOIN captures c ON c.job_id = e.job_id AND c.ordinal = e.ordinal
		WHERE c.attempt = 0`},
	{"a thumbnail has its artifact", `SELECT key FROM artifacts p WHERE thumbnail <> '' AND NOT EXISTS
		(SELECT 1 FROM artifacts a WHERE a.key = p.thumbnail)`},
	{"a completed capture of a live job has its artifact", `SELECT c.job_id FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE c.state = 'completed' AND j.released = 0 AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.key = c.artifact_key)`},
	{"a terminal job has no captures left", `SELECT id FROM jobs
		WHERE status NOT IN ('pending', 'processing') AND (completed + failed <> total OR completed_at = 0 OR secrets <> '')`},
	{"a pending job has no capture that was claimed", `SELECT id FROM jobs WHERE status = 'pending' AND (running > 0
		OR retry_of = '' AND queued <> total OR EXISTS (SELECT 1 FROM captures c WHERE c.job_id = jobs.id AND c.state = 'queued' AND c.attempt > 0))`},
	{"a cancelled job waits for nothing but its end", `SELECT id FROM jobs WHERE cancelled = 1
		AND (queued + running > 0 OR expanding = 1 OR status IN ('pending', 'completed'))`},
	{"only captures of cancelled jobs are cancelled", `SELECT c.job_id FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE c.code = 'cancelled' AND (j.cancelled = 0 OR c.state <> 'failed')`},
	{"a job that is done has a task to finish it", `SELECT j.id FROM jobs j WHERE j.status = 'processing' AND j.completed + j.failed = j.total
		AND j.expanding = 0 AND NOT EXISTS (SELECT 1 FROM river_job r WHERE r.kind = 'finish' AND json(r.args) ->> '$.id' = j.id)`},
	{"a job that may grow has a task to see to that", `SELECT j.id FROM jobs j WHERE j.expanding = 1
		AND NOT EXISTS (SELECT 1 FROM river_job r WHERE r.kind = 'expand' AND json(r.args) ->> '$.id' = j.id)`},
	{"only what has not ended grows, and only from a sitemap", `SELECT id FROM jobs WHERE expanding = 1
		AND (kind <> 'sitemap' OR status NOT IN ('pending', 'processing'))`},
	{"a sitemap job has no more pages than it may", `SELECT id FROM jobs WHERE kind = 'sitemap' AND total > max(1, variants) * (crawl ->> '$.max_pages')`},
	{"a sitemap job has no page twice", `SELECT c.job_id FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE j.kind = 'sitemap' GROUP BY c.job_id, c.url, c.variant HAVING count(*) > 1`},
	{"the reading has ended when nothing is added any more", `SELECT id FROM jobs WHERE kind = 'sitemap'
		AND coalesce(nullif(discovery, '') ->> '$.ended', 0) <> 1 - expanding`},
	{"what is taken again is counted", `SELECT j.id FROM jobs j WHERE
		j.retaken <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id AND c.again = 1)
		OR j.retaking <> (SELECT count(*) FROM captures c WHERE c.job_id = j.id AND c.again = 1 AND c.state IN ('queued', 'running'))`},
	{"what robots refuse was never taken", `SELECT job_id FROM captures WHERE code = 'robots_denied' AND (state <> 'failed' OR attempt > 0)`},
	{"every URL is there in every variant", `SELECT c.job_id FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE j.variants > 0 AND (c.ordinal - 1) % j.variants + 1 <> c.variant OR j.variants = 0 AND c.variant <> 0 OR j.variants > 0 AND j.total % j.variants <> 0`},
	{"what is held back waits for a capture that has not ended", `SELECT c.job_id FROM captures c WHERE c.state = 'queued' AND c.due_at = 9223372036854775807
		AND NOT EXISTS (SELECT 1 FROM captures p WHERE p.job_id = c.job_id AND p.ordinal = c.page_of AND p.state IN ('queued', 'running'))`},
	{"captures that share a page are of one URL, and nobody has two behind it", `SELECT c.job_id FROM captures c WHERE c.page_of > 0 AND (
		NOT EXISTS (SELECT 1 FROM captures p WHERE p.job_id = c.job_id AND p.ordinal = c.page_of AND p.url = c.url AND p.host = c.host)
		OR EXISTS (SELECT 1 FROM captures d WHERE d.job_id = c.job_id AND d.page_of = c.page_of AND d.ordinal <> c.ordinal))`},
	{"option sets are there, and of the right kind", `SELECT c.job_id FROM captures c JOIN jobs j ON j.id = c.job_id WHERE
		c.variant > 0 AND NOT EXISTS (SELECT 1 FROM option_sets s WHERE s.job_id = c.job_id AND s.number = c.variant AND s.variant <> '')
		OR c.option_set > 0 AND NOT EXISTS (SELECT 1 FROM option_sets s WHERE s.job_id = c.job_id AND s.number = c.option_set AND s.variant = '')`},
	{"no secret outlives its job", `SELECT s.job_id FROM option_sets s JOIN jobs j ON j.id = s.job_id
		WHERE s.secrets <> '' AND j.status NOT IN ('pending', 'processing')`},
	{"what is cached was not taken for it", `SELECT job_id FROM captures WHERE state = 'completed' AND cached = 1
		AND artifact_key LIKE job_id || '/' || ordinal || '-%'`},
	{"only pictures that are there are kept for others", `SELECT job_id FROM captures WHERE cache_key <> '' AND state <> 'completed'`},
	{"a running capture was taken by someone", `SELECT job_id FROM captures WHERE state = 'running' AND (instance = '' OR attempt = 0)`},
	{"attempts that ended are among those that were made", `SELECT job_id FROM captures WHERE erred + lost > attempt`},
}

// contradictions gives what contradicts a rule.
func (f *fixture) contradictions(query string) []string {
	f.t.Helper()
	if f.db.Dialect() == database.PostgreSQL {
		query = strings.NewReplacer(
			`json(r.args) ->> '$.id'`, `r.args ->> 'id'`,
			`max(1, variants) * (crawl ->> '$.max_pages')`, `greatest(1, variants) * (nullif(crawl, '')::json ->> 'max_pages')::bigint`,
			`nullif(discovery, '') ->> '$.ended'`, `(nullif(discovery, '')::json ->> 'ended')::boolean::int`,
		).Replace(query)
	}
	bad, err := queryAll(f.t.Context(), f.db.Read(f.t.Context()), scanText, query)
	return must(f.t, bad, err)
}

// audit checks every rule.
func (f *fixture) audit() {
	f.t.Helper()
	for _, rule := range books {
		if bad := f.contradictions(rule.query); len(bad) > 0 {
			f.t.Errorf("it does not hold that %s: %v", rule.rule, bad)
		}
	}
	if f.t.Failed() {
		f.t.FailNow()
	}
}

// The audit itself must be able to fail.
func TestAuditNoticesWrongBooks(t *testing.T) {
	for _, damage := range []string{
		`UPDATE api_keys SET running = running + 1`,
		`UPDATE hosts SET queued = queued + 1`,
		`UPDATE key_hosts SET queued = queued + 1`,
		`UPDATE jobs SET retaking = 1`,
		`UPDATE jobs SET expanding = 1`,
		`UPDATE captures SET url = 'same'`,
		`UPDATE captures SET variant = 1`,
		`UPDATE captures SET option_set = 1`,
		`UPDATE captures SET cache_key = 'x' WHERE state = 'queued'`,
		`UPDATE captures SET cached = 1`,
		`UPDATE jobs SET cancelled = 1`,
		`UPDATE captures SET code = 'cancelled'`,
		`UPDATE lanes SET ordinal = ordinal + 1`,
		`UPDATE job_counts SET jobs = jobs + 1`,
		`UPDATE artifacts SET uses = uses + 1`,
		`UPDATE artifacts SET thumbnail = 'gone'`,
		`UPDATE captures SET state = 'completed' WHERE ordinal = 2`,
		`DELETE FROM lanes`,
		`DELETE FROM river_job`,
	} {
		f := newFixture(t, 2)
		done := f.submit(NewJob{Targets: targets(1, 1)})
		f.end(f.claim(Hint{}), success(darkroomClaim(done.ID, 1, 1)))
		f.submit(NewJob{Targets: targets(3, 1)})
		f.add(f.crawl(5), 3)
		f.audit()
		f.exec(damage)
		found := 0
		for _, rule := range books {
			found += len(f.contradictions(rule.query))
		}
		if found == 0 {
			t.Errorf("the audit did not notice %s", damage)
		}
	}
}
