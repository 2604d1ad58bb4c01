package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/store"
)

// fixedReader reads what never changes once it is there. A round trip takes far longer
// than finding a row, and purchases ask at the same time: while one question is with the
// server, those that come wait, and become the next one together.
type fixedReader struct {
	db *Database

	mu      sync.Mutex
	waiting map[store.FixedColumn][]*question
}

// question is what one caller wants to know.
type question struct {
	key  string
	text string
	err  error
	done chan struct{} // closed when it is answered
}

// fixedPatience is how long the server may take for an answer.
const fixedPatience = 10 * time.Second

// FixedText reads the text of the row with a key, "" where there is none.
func (d *Database) FixedText(ctx context.Context, of store.FixedColumn, key string) (string, error) {
	q := &question{key: key, done: make(chan struct{})}
	r := &d.fixed
	r.mu.Lock()
	if r.waiting == nil {
		r.waiting = map[store.FixedColumn][]*question{}
	}
	waiting, asking := r.waiting[of]
	r.waiting[of] = append(waiting, q)
	r.mu.Unlock()
	if !asking {
		go r.ask(of)
	}
	select {
	case <-q.done:
		return q.text, q.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// ask answers questions for as long as there are any.
func (r *fixedReader) ask(of store.FixedColumn) {
	for {
		r.mu.Lock()
		questions := r.waiting[of]
		if len(questions) == 0 {
			delete(r.waiting, of)
			r.mu.Unlock()
			return
		}
		r.waiting[of] = nil
		r.mu.Unlock()
		texts, err := r.read(of, questions)
		for _, q := range questions {
			q.text, q.err = texts[q.key], err
			close(q.done)
		}
	}
}

func (r *fixedReader) read(of store.FixedColumn, questions []*question) (map[string]string, error) {
	ctx, stop := context.WithTimeout(context.Background(), fixedPatience)
	defer stop()
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
