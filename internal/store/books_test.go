package store

import "testing"

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
	{"a host's counters are its captures", `SELECT h.host FROM hosts h WHERE
		h.queued <> (SELECT count(*) FROM captures c JOIN jobs j ON j.id = c.job_id
			WHERE j.key_id = h.key_id AND c.host = h.host AND c.state = 'queued')
		OR h.running <> (SELECT count(*) FROM captures c JOIN jobs j ON j.id = c.job_id
			WHERE j.key_id = h.key_id AND c.host = h.host AND c.state = 'running')`},
	{"every busy host is known", `SELECT c.host FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE c.state IN ('queued', 'running')
		AND NOT EXISTS (SELECT 1 FROM hosts h WHERE h.key_id = j.key_id AND h.host = c.host)`},
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
		+ (SELECT count(*) FROM job_files f JOIN jobs j ON j.id = f.job_id WHERE f.artifact_key = a.key AND j.released = 0)`},
	{"a completed capture of a live job has its artifact", `SELECT c.job_id FROM captures c JOIN jobs j ON j.id = c.job_id
		WHERE c.state = 'completed' AND j.released = 0 AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.key = c.artifact_key)`},
	{"a terminal job has no captures left", `SELECT id FROM jobs
		WHERE status NOT IN ('pending', 'processing') AND (completed + failed <> total OR completed_at = 0 OR secrets <> '')`},
	{"a pending job has no capture that was claimed", `SELECT id FROM jobs WHERE status = 'pending' AND queued <> total`},
	{"a job that is done has a task to finish it", `SELECT j.id FROM jobs j WHERE j.status = 'processing' AND j.completed + j.failed = j.total
		AND NOT EXISTS (SELECT 1 FROM river_job r WHERE r.kind = 'finish' AND json(r.args) ->> '$.id' = j.id)`},
	{"a running capture was taken by someone", `SELECT job_id FROM captures WHERE state = 'running' AND (instance = '' OR attempt = 0)`},
	{"attempts that ended are among those that were made", `SELECT job_id FROM captures WHERE erred + lost > attempt`},
}

// audit checks every rule.
func (f *fixture) audit() {
	f.t.Helper()
	for _, rule := range books {
		bad, err := queryAll(f.t.Context(), f.db.Read(f.t.Context()), scanText, rule.query)
		check(f.t, err)
		if len(bad) > 0 {
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
		`UPDATE lanes SET ordinal = ordinal + 1`,
		`UPDATE job_counts SET jobs = jobs + 1`,
		`UPDATE artifacts SET uses = uses + 1`,
		`UPDATE captures SET state = 'completed' WHERE ordinal = 2`,
		`DELETE FROM lanes`,
		`DELETE FROM river_job`,
	} {
		f := newFixture(t, 2)
		done := f.submit(NewJob{Targets: targets(1, 1)})
		f.end(f.claim(Hint{}), success(darkroomClaim(done.ID, 1, 1)))
		f.submit(NewJob{Targets: targets(3, 1)})
		f.audit()
		f.exec(damage)
		found := 0
		for _, rule := range books {
			bad, err := queryAll(t.Context(), f.db.Read(t.Context()), scanText, rule.query)
			found += len(must(t, bad, err))
		}
		if found == 0 {
			t.Errorf("the audit did not notice %s", damage)
		}
	}
}
