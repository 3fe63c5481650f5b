package store

import (
	"context"
	"time"
)

// Pace is how fast captures were taken lately.
type Pace struct {
	Captures int           // looked at; at least 1
	Each     time.Duration // of one, from its claim to its result, on average; at least 1 ms
	Slots    int           // captures at once, of all instances that are alive; at least 1
}

// What RecentPace looks at: enough for an average, and few enough rows to ask
// for each time.
const (
	paceJobs     = 5
	paceCaptures = 200
	aliveFor     = time.Minute // after its last heartbeat an instance counts as having slots
)

// RecentPace tells how fast the last successful captures of the newest jobs
// were taken, whoever's they are; cached ones were not. known is false when there were none.
func (s *Store) RecentPace(ctx context.Context) (pace Pace, known bool, err error) {
	read := s.db.Read(ctx)
	var total int64
	err = read.QueryRow(ctx, `SELECT count(*), coalesce(sum(taken.duration), 0) FROM (
		SELECT c.duration FROM captures c WHERE c.state = 'completed' AND c.cached = 0 AND c.job_id IN (
			SELECT newest.id FROM (SELECT id, completed FROM jobs ORDER BY id DESC LIMIT 100) AS newest
			WHERE newest.completed > 0 ORDER BY newest.id DESC LIMIT ?)
		ORDER BY c.captured_at DESC LIMIT ?) AS taken`, paceJobs, paceCaptures).Scan(&pace.Captures, &total)
	if err != nil {
		return Pace{}, false, wrap(err, "look at the last captures")
	}
	if pace.Captures == 0 {
		return Pace{}, false, nil
	}
	pace.Each = max(span(total)/time.Duration(pace.Captures), time.Millisecond)
	err = read.QueryRow(ctx, `SELECT coalesce(sum(slots), 0) FROM instances WHERE seen_at >= ?`,
		milliseconds(s.now().Add(-aliveFor))).Scan(&pace.Slots)
	if pace.Slots == 0 {
		pace.Slots = s.slots
	}
	return pace, err == nil, wrap(err, "count the slots")
}
