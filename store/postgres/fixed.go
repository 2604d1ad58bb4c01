package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/store"
)

// fixedReader reads what never changes once it is there. A round trip takes far longer
// than finding a row, and purchases ask at the same time: while one question is with the
// server, those that come wait, and become the next one together. A round that nobody waits
// for any more ends, and one that takes long keeps nobody who comes later.
type fixedReader struct {
	db *Database

	mu      sync.Mutex
	columns map[store.FixedColumn]*column
}

// column is who asks for texts of one column.
type column struct {
	waiting []*question
	askers  int       // rounds that are with the server
	since   time.Time // when the last of them began
}

// question is what one caller wants to know.
type question struct {
	key  string
	text string
	err  error
	done chan struct{} // closed when it is answered

	round  *round // that it is in; nil before
	gaveUp bool
}

// round is a number of questions that are with the server together.
type round struct {
	left int // callers who still wait
	stop context.CancelFunc
}

// The bounds of a round.
const (
	fixedPatience = 10 * time.Second       // how long the server may take for an answer
	fixedSlow     = 100 * time.Millisecond // after that, who comes is not kept by the round before
	fixedRounds   = 4                      // at a time, of one column
)

// FixedText reads the text of the row with a key, "" where there is none.
func (d *Database) FixedText(ctx context.Context, of store.FixedColumn, key string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	q := &question{key: key, done: make(chan struct{})}
	d.fixed.enter(of, q)
	select {
	case <-q.done:
		return q.text, q.err
	case <-ctx.Done():
		d.fixed.giveUp(q)
		return "", ctx.Err()
	}
}

// enter has a question wait for the next round, and begins one where none will come soon.
func (r *fixedReader) enter(of store.FixedColumn, q *question) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.columns == nil {
		r.columns = map[store.FixedColumn]*column{}
	}
	c := r.columns[of]
	if c == nil {
		c = &column{}
		r.columns[of] = c
	}
	c.waiting = append(c.waiting, q)
	if c.askers == 0 || c.askers < fixedRounds && time.Since(c.since) > fixedSlow {
		c.askers, c.since = c.askers+1, time.Now()
		go r.ask(of, c)
	}
}

// giveUp says that nobody waits for a question any more.
func (r *fixedReader) giveUp(q *question) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q.gaveUp = true
	if q.round == nil {
		return
	}
	if q.round.left--; q.round.left == 0 {
		q.round.stop()
	}
}

// ask answers questions for as long as there are any.
func (r *fixedReader) ask(of store.FixedColumn, c *column) {
	for {
		questions, ctx, stop := r.begin(c)
		if len(questions) == 0 {
			return
		}
		texts, err := r.read(ctx, of, questions)
		stop()
		for _, q := range questions {
			q.text, q.err = texts[q.key], err
			close(q.done)
		}
	}
}

// begin takes the questions of the next round, none where nobody waits.
func (r *fixedReader) begin(c *column) (questions []*question, ctx context.Context, stop context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	questions = slices.DeleteFunc(c.waiting, func(q *question) bool { return q.gaveUp })
	c.waiting = nil
	if len(questions) == 0 {
		c.askers--
		return nil, nil, nil
	}
	ctx, stop = context.WithTimeout(context.Background(), fixedPatience)
	one := &round{left: len(questions), stop: stop}
	for _, q := range questions {
		q.round = one
	}
	c.since = time.Now()
	return questions, ctx, stop
}

func (r *fixedReader) read(ctx context.Context, of store.FixedColumn, questions []*question) (map[string]string, error) {
	keys := make([]string, len(questions))
	for i, q := range questions {
		keys[i] = q.key
	}
	texts := make(map[string]string, len(keys))
	err := r.db.on(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, `SELECT `+of.Key+`, `+of.Column+` FROM `+of.Table+` WHERE `+of.Key+` = ANY($1)`, keys)
		if err != nil {
			return err
		}
		var key, text string
		_, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error {
			texts[key] = text
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", of.Table, err)
	}
	return texts, nil
}
