package database

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipeline is a transaction on one connection that says little: statements that
// nobody waits for go in one message with the next whose result somebody needs.
// A message there and back takes as long as three short statements, and rows
// that everybody changes are held meanwhile.
type pipeline struct {
	conn    *pgx.Conn
	life    context.Context //nolint:containedctx // it lives exactly as long as the transaction
	waiting *pgx.Batch
	ended   bool
	failed  error // the first; nothing is sent any more
	asked   bool  // somebody reads what waits, and may not want it committed
}

// newPipeline goes on with a transaction that was begun on conn.
func newPipeline(life context.Context, conn *pgx.Conn) *pipeline {
	return &pipeline{conn: conn, life: life, waiting: &pgx.Batch{}}
}

// later adds a statement to the next message.
func (p *pipeline) later(query string, args []any) *pgx.QueuedQuery {
	return p.waiting.Queue(numbered(query), encoded(args)...)
}

// flush sends what waits, and hands every result to whoever asked for it.
func (p *pipeline) flush() error {
	if p.failed != nil || p.waiting.Len() == 0 {
		return p.failed
	}
	batch := p.waiting
	p.waiting, p.asked = &pgx.Batch{}, false
	err := p.conn.SendBatch(p.life, batch).Close()
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		p.failed = err
	}
	return err
}

// commit ends the transaction, in one message with what still waits unless
// somebody reads that.
func (p *pipeline) commit() error {
	if p.asked {
		if err := p.flush(); err != nil {
			return err
		}
	}
	var said pgconn.CommandTag
	p.waiting.Queue(`commit`).Exec(func(tag pgconn.CommandTag) error {
		said = tag
		return nil
	})
	if err := p.flush(); err != nil {
		return err
	}
	p.ended = true
	if said.String() != "COMMIT" {
		return pgx.ErrTxCommitRollback // a statement had failed, and somebody did not say so
	}
	return nil
}

// rollback undoes a transaction that was not committed. When that fails, the
// pool closes the connection, which undoes it too.
func (p *pipeline) rollback() {
	if !p.ended {
		_, _ = p.conn.Exec(p.life, `rollback`)
	}
}

// Exec runs a statement and gives the number of rows that changed.
func (p *pipeline) Exec(_ context.Context, query string, args ...any) (changed int64, err error) {
	p.later(query, args).Exec(func(tag pgconn.CommandTag) error {
		changed = tag.RowsAffected()
		return nil
	})
	return changed, p.flush()
}

// Query runs a statement that gives rows.
func (p *pipeline) Query(_ context.Context, query string, args ...any) (Rows, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	return postgresStatements{p.conn}.Query(p.life, query, args...)
}

// QueryRow gives at most one row. The statement runs when it is scanned.
func (p *pipeline) QueryRow(_ context.Context, query string, args ...any) Row {
	return pipelineRow{p, query, args}
}

type pipelineRow struct {
	pipeline *pipeline
	query    string
	args     []any
}

// Scan runs the statement and reads its row.
func (r pipelineRow) Scan(dest ...any) error {
	r.pipeline.later(r.query, r.args).QueryRow(func(row pgx.Row) error { return postgresRow{row}.Scan(dest...) })
	return r.pipeline.flush()
}

// asPgx is the transaction as the queue's driver wants it.
func (p *pipeline) asPgx() pgx.Tx { return pipelineTx{p} }

// pipelineTx is a pipeline that sends at once. The queue begins, commits and
// rolls back nothing in a transaction that is ours.
type pipelineTx struct{ *pipeline }

var errOurs = fmt.Errorf("the transaction belongs to database.DB.Update")

// Begin is refused.
func (pipelineTx) Begin(context.Context) (pgx.Tx, error) { return nil, errOurs }

// Commit is refused.
func (pipelineTx) Commit(context.Context) error { return errOurs }

// Rollback is refused.
func (pipelineTx) Rollback(context.Context) error { return errOurs }

// Conn is the connection.
func (t pipelineTx) Conn() *pgx.Conn { return t.conn }

// LargeObjects gives those of no transaction: nothing uses them.
func (pipelineTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Prepare prepares a statement.
func (t pipelineTx) Prepare(_ context.Context, name, query string) (*pgconn.StatementDescription, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return t.conn.Prepare(t.life, name, query)
}

// CopyFrom copies rows into a table.
func (t pipelineTx) CopyFrom(_ context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	return t.conn.CopyFrom(t.life, table, columns, rows)
}

// SendBatch sends several statements.
func (t pipelineTx) SendBatch(_ context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := t.flush(); err != nil {
		return failedBatch{err}
	}
	return t.conn.SendBatch(t.life, batch)
}

// Exec runs a statement.
func (t pipelineTx) Exec(_ context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	if err := t.flush(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.conn.Exec(t.life, query, args...)
}

// Query runs a statement that gives rows.
func (t pipelineTx) Query(_ context.Context, query string, args ...any) (pgx.Rows, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return t.conn.Query(t.life, query, args...)
}

// QueryRow runs a statement that gives at most one row.
func (t pipelineTx) QueryRow(_ context.Context, query string, args ...any) pgx.Row {
	if err := t.flush(); err != nil {
		return failedBatch{err}
	}
	return t.conn.QueryRow(t.life, query, args...)
}

// failedBatch is what a message came to that could not be sent.
type failedBatch struct{ err error }

func (f failedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, f.err }
func (f failedBatch) Query() (pgx.Rows, error)         { return nil, f.err }
func (f failedBatch) QueryRow() pgx.Row                { return f }
func (f failedBatch) Scan(...any) error                { return f.err }
func (f failedBatch) Close() error                     { return f.err }
