package main

import (
	"context"
	"slices"
	"time"

	"darkroom/internal/bucket"
)

// Names of the database and the bucket may lead elsewhere after a while: they
// are looked up again. What was found once stays refused.
const (
	lookAgain    = 30 * time.Second
	lookPatience = 5 * time.Second
)

// refuseServers makes the database and the bucket no targets of captures and
// webhooks, wherever they are. ctx is the server's life.
func (s *server) refuseServers(ctx context.Context) error {
	servers := slices.Concat(s.database.Servers(), bucket.Servers(s.config.BucketURL))
	if len(servers) == 0 {
		return nil
	}
	for _, server := range servers {
		if err := s.refuse(ctx, server); err != nil {
			s.log.Warn("the address of a server of ours is not known, so that captures are not kept from it", "server", server, "err", err)
		}
	}
	s.keepRunning("look-up of own servers", s.halt, func() error {
		ticker := time.NewTicker(lookAgain)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
			for _, server := range servers {
				_ = s.refuse(ctx, server) // what is known stays
			}
		}
	})
	return nil
}

func (s *server) refuse(ctx context.Context, server string) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	return s.policy.OwnServer(ctx, server)
}
