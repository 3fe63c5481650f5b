package main

import (
	"context"
	"errors"
	"time"

	"darkroom/client"
)

// watchInterval is how often a job is looked at while its progress is shown.
const watchInterval = 300 * time.Millisecond

// watch shows a job's progress until it has ended. A server that restarts
// meanwhile is waited for, a while.
func (p *program) watch(ctx context.Context, server *target, id string, show progress) (client.Job, error) {
	defer show.Close()
	defer attend(ctx, server, id, show)()
	const patience = 10
	for failed := 0; ; {
		job, err := server.Job(ctx, id)
		switch {
		case err == nil:
			failed = 0
			show.Update(job)
			if job.Status.Terminal() {
				return job, nil
			}
		case !passing(err) || failed >= patience:
			return job, err
		default:
			failed++
		}
		select {
		case <-ctx.Done():
			return job, context.Cause(ctx)
		case <-time.After(watchInterval):
		}
	}
}

func passing(err error) bool {
	return errors.Is(err, client.ErrConnection) || errors.Is(err, client.ErrServer)
}
