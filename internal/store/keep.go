package store

import (
	"context"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// KeepJob lets the results of a job that has ended live until that span from
// now is over, if they would not anyway. One that has not ended is a
// CodeJobNotReady, one whose results have expired a CodeExpired, and an unknown
// one and one of another key are the same CodeNotFound.
func (s *Store) KeepJob(ctx context.Context, keyID, id string, span time.Duration) (job darkroom.Job, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		stored, err := s.findOwn(ctx, tx, keyID, id)
		if err != nil {
			return err
		}
		job = stored.Job
		switch until := s.now().Add(span); {
		case !job.Status.Terminal():
			return &darkroom.Error{
				Code: darkroom.CodeJobNotReady, Message: "The job is " + string(job.Status),
				Hint: "Its results are not about to expire; they can be kept longer when it has ended", RetryAfter: 2 * time.Second,
			}
		case job.Expired(s.now()):
			return &darkroom.Error{
				Code: darkroom.CodeExpired, Message: "The results of this job have expired", Hint: "Create the job again to have them taken anew",
			}
		case until.After(job.ExpiresAt):
			job.ExpiresAt = moment(milliseconds(until))
		}
		if _, err := tx.Exec(ctx, `UPDATE jobs SET expires_at = ? WHERE id = ? AND released = 0`, milliseconds(job.ExpiresAt), job.ID); err != nil {
			return err
		}
		return noteChange(ctx, tx, job.KeyID, job.ID, noCapture)
	})
	return job, wrap(err, "keep job %s", id)
}
