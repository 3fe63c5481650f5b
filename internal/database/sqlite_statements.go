package database

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxStatements bounds what is kept prepared. The program has fewer fixed
// statements than this; the rest are filters put together on the fly.
const maxStatements = 256

// statements keeps the statements of one pool prepared: parsing costs more
// than running most of them.
type statements struct {
	pool *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
	wanted   map[string]struct{}
}

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, prepared: map[string]*sql.Stmt{}, wanted: map[string]struct{}{}}
}

// find gives a prepared statement, or nil after noting that it is wanted. It
// never prepares by itself: a transaction may hold the only connection.
func (s *statements) find(query string) *sql.Stmt {
	if s.pool == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt := s.prepared[query]
	if stmt == nil && len(s.prepared)+len(s.wanted) < maxStatements {
		s.wanted[query] = struct{}{}
	}
	return stmt
}

// prepareWanted prepares what was not found since the last call. It must be
// called outside a transaction. A statement that cannot be prepared is
// dropped: running it will tell why.
func (s *statements) prepareWanted(ctx context.Context) {
	for _, query := range s.takeWanted() {
		stmt, err := s.pool.PrepareContext(ctx, query)
		if err != nil {
			continue
		}
		if !s.keep(query, stmt) {
			_ = stmt.Close() // a second one of the same text, or the pool is closing
		}
	}
}

func (s *statements) takeWanted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wanted) == 0 {
		return nil
	}
	queries := make([]string, 0, len(s.wanted))
	for query := range s.wanted {
		queries = append(queries, query)
	}
	clear(s.wanted)
	return queries
}

func (s *statements) keep(query string, stmt *sql.Stmt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil || s.prepared[query] != nil {
		return false
	}
	s.prepared[query] = stmt
	return true
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	s.prepared = nil
	return errors.Join(errs...)
}
