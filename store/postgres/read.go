package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

const (
	sqlAfter  = `SELECT first, count, at, prev, hash, body FROM block WHERE first > $1 ORDER BY first LIMIT $2`
	sqlHolder = `SELECT first, count, at, prev, hash, body FROM block WHERE first <= $1 ORDER BY first DESC LIMIT 1`
	sqlHolds  = `SELECT first + count - 1, hash FROM block WHERE first <= $1 ORDER BY first DESC LIMIT 1`
	sqlRest   = `SELECT first, count, at, prev, hash, body FROM (` + sqlHolder + `) AS holder WHERE first + count > $1 + 1`
	sqlChunk  = `SELECT id, body FROM run_data WHERE id = ANY($1)`
)

func scanBlock(row pgx.Row) (*journal.Block, error) {
	var first, count int64
	var prev, hash []byte
	b := &journal.Block{}
	if err := row.Scan(&first, &count, &b.At, &prev, &hash, &b.Body); err != nil {
		return nil, err
	}
	b.First, b.Count = uint64(first), int(count)
	copy(b.Prev[:], prev)
	copy(b.Hash[:], hash)
	return b, nil
}

// BlocksAfter returns the blocks that hold the entries after seq.
func (d *Database) BlocksAfter(ctx context.Context, seq uint64, limit int) (blocks []*journal.Block, err error) {
	err = d.on(ctx, func(c *pgx.Conn) error {
		blocks, err = blocksAfter(ctx, c, seq, limit)
		return err
	})
	return blocks, err
}

func blocksAfter(ctx context.Context, c *pgx.Conn, seq uint64, limit int) (blocks []*journal.Block, err error) {
	batch := &pgx.Batch{}
	batch.Queue(sqlRest, int64(seq)) // seq may lie in the middle of a block
	batch.Queue(sqlAfter, int64(seq), limit)
	results := c.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, results.Close()) }()
	rest, err := scanBlock(results.QueryRow())
	if err == nil {
		blocks = append(blocks, rest)
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	rows, err := results.Query()
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	defer rows.Close()
	for rows.Next() && len(blocks) < limit {
		b, err := scanBlock(rows)
		if err != nil {
			return nil, fmt.Errorf("read blocks: %w", err)
		}
		blocks = append(blocks, b)
	}
	rows.Close()
	return blocks, rows.Err()
}

// Follow returns the blocks after head, which must be the end of one of the journal's.
func (d *Database) Follow(ctx context.Context, head journal.Head, limit int) (blocks []*journal.Block, err error) {
	err = d.on(ctx, func(c *pgx.Conn) (err error) {
		batch := &pgx.Batch{}
		batch.Queue(sqlHolds, int64(head.Seq))
		batch.Queue(sqlAfter, int64(head.Seq), limit)
		results := c.SendBatch(ctx, batch)
		defer func() { err = errors.Join(err, results.Close()) }()
		var last int64
		var hash []byte
		switch err := results.QueryRow().Scan(&last, &hash); {
		case errors.Is(err, pgx.ErrNoRows) && head.Seq == 0:
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%w: it has no entry %d, which this server knows", store.ErrOtherJournal, head.Seq)
		case err != nil:
			return fmt.Errorf("read blocks: %w", err)
		case uint64(last) != head.Seq || !bytes.Equal(hash, head.Hash[:]):
			return fmt.Errorf("%w: its entry %d is not the one that this server knows", store.ErrOtherJournal, head.Seq)
		}
		rows, err := results.Query()
		if err != nil {
			return fmt.Errorf("read blocks: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			b, err := scanBlock(rows)
			if err != nil {
				return fmt.Errorf("read blocks: %w", err)
			}
			blocks = append(blocks, b)
		}
		rows.Close()
		return rows.Err()
	})
	return blocks, err
}

// BlocksOf returns for each of seqs the block that holds it.
func (d *Database) BlocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error) {
	blocks := make([]*journal.Block, len(seqs))
	err := d.on(ctx, func(c *pgx.Conn) (err error) {
		batch := &pgx.Batch{}
		for _, seq := range seqs {
			batch.Queue(sqlHolder, int64(seq))
		}
		results := c.SendBatch(ctx, batch)
		defer func() { err = errors.Join(err, results.Close()) }()
		for i, seq := range seqs {
			blocks[i], err = scanBlock(results.QueryRow())
			if errors.Is(err, pgx.ErrNoRows) {
				return &store.NoBlockError{Seq: seq}
			}
			if err != nil {
				return fmt.Errorf("read the block of entry %d: %w", seq, err)
			}
			if blocks[i].Last() < seq {
				return &store.NoBlockError{Seq: seq}
			}
		}
		return nil
	})
	return blocks, err
}

// Chunks calls visit with each of the chunks with these ids.
func (d *Database) Chunks(ctx context.Context, ids []int64, visit func(place int, body []byte) error) error {
	found := make(map[int64][]byte, len(ids))
	err := d.on(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, sqlChunk, ids)
		if err != nil {
			return fmt.Errorf("read chunks: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			var body []byte
			if err := rows.Scan(&id, &body); err != nil {
				return fmt.Errorf("read chunks: %w", err)
			}
			found[id] = body
		}
		return rows.Err()
	})
	for i := 0; i < len(ids) && err == nil; i++ {
		err = visit(i, found[ids[i]])
	}
	return err
}
