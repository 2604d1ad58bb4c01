package store

import (
	"context"
	"database/sql"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// Tables is a database as the catalogue needs it: reading from any connection,
// writing in one transaction.
type Tables interface {
	SQL() *sql.DB
	// Connections counts the connections made so far to a server; 0 where there is none.
	Connections() uint64
	// FixedText reads the text of the row with a key, "" where there is none.
	FixedText(ctx context.Context, of FixedColumn, key string) (string, error)
	// Write runs change in a transaction, and again where the database asks for it.
	Write(ctx context.Context, change func(tx *sql.Tx) error) error
	// WriteBehind is Write without waiting for the disk.
	WriteBehind(ctx context.Context, change func(tx *sql.Tx) error) error
}

// Catalog keeps who is who and what is for sale, in tables that are the same in
// every database.
type Catalog struct {
	tables  Tables
	writers writers

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt // by their text, of which there are a few dozen
}

var (
	_ account.Store       = (*Catalog)(nil)
	_ catalog.Store       = (*Catalog)(nil)
	_ keyring.Store       = (*Catalog)(nil)
	_ keyring.TicketStore = (*Catalog)(nil)
)

// NewCatalog returns the Catalog in a database whose tables have been made.
func NewCatalog(tables Tables) *Catalog {
	return &Catalog{tables: tables, prepared: map[string]*sql.Stmt{}}
}

// prepare returns the statement of a query. Preparing one takes longer than running
// it, so it is kept for as long as the database is open.
func (c *Catalog) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	c.mu.RLock()
	statement := c.prepared[query]
	c.mu.RUnlock()
	if statement != nil {
		return statement, nil
	}
	// Without the lock: whoever asks for another statement does not wait for this one.
	statement, err := c.tables.SQL().PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := c.prepared[query]; first != nil {
		return first, statement.Close()
	}
	c.prepared[query] = statement
	return statement, nil
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(into ...any) error }

// one reads the one row that a query finds, or answers CodeNotFound.
func one[T any](ctx context.Context, c *Catalog, scan func(row) (T, error), query string, args ...any) (T, error) {
	var value T
	statement, err := c.prepare(ctx, query)
	if err == nil {
		value, err = scan(statement.QueryRowContext(ctx, args...))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return value, token.Refuse(token.NotFound, "not_found.thing")
	}
	return value, unavailable(err, "read the catalogue")
}

// list reads all rows that a query finds; the query has a LIMIT.
func list[T any](ctx context.Context, c *Catalog, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	statement, err := c.prepare(ctx, query)
	if err != nil {
		return nil, unavailable(err, "list the catalogue")
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return nil, unavailable(err, "list the catalogue")
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return nil, unavailable(err, "read the catalogue")
		}
		all = append(all, value)
	}
	return all, unavailable(rows.Err(), "list the catalogue")
}

// unavailable turns a database's failure into an answer that says to try again.
func unavailable(err error, doing string) error {
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*token.Error](err); ok {
		return refusal
	}
	if errors.Is(err, ErrCommitUnknown) {
		return unknown(fmt.Errorf("%s: %w", doing, err))
	}
	return token.Refuse(token.Unavailable, "unavailable.database").Because(fmt.Errorf("%s: %w", doing, err))
}

// insert adds one row, or answers CodeTaken where a unique index has it already.
func insert(ctx context.Context, tx *sql.Tx, taken token.Reason, query string, args ...any) error {
	result, err := tx.ExecContext(ctx, query+" ON CONFLICT DO NOTHING", args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return token.Refuse(token.Conflict, taken)
}

// again looks a request's key up, and takes it for what is about to be made where
// it is new. It reports what the first request with the key made.
func again[K token.Kind](ctx context.Context, tx *sql.Tx, request catalog.Request, id token.ID[K], version uint32) (catalog.Made[token.ID[K]], error) {
	made := catalog.Made[token.ID[K]]{ID: id, Version: version}
	if request.Key.IsZero() {
		return made, nil
	}
	scope, hash := hex.EncodeToString(request.Key.Scope[:]), hex.EncodeToString(request.Key.Hash[:])
	digest := hex.EncodeToString(request.Key.Digest[:])
	err := insert(ctx, tx, "already_taken.request", `INSERT INTO requests (scope, hash, digest, made, version, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		scope, hash, digest, id.String(), int64(version), request.At)
	if token.CodeOf(err) != token.CodeTaken {
		return made, err
	}
	var before, text string
	err = tx.QueryRowContext(ctx, `SELECT digest, made, version FROM requests WHERE scope = $1 AND hash = $2`, scope, hash).
		Scan(&before, &text, &made.Version)
	if err != nil {
		return made, err
	}
	if before != digest {
		return made, token.Refuse(token.Unprocessable, "idempotency_key_reused.request")
	}
	made.Replayed = true
	return made, made.ID.UnmarshalText([]byte(text))
}

// word reads a text column into a thing with a written form, such as an id.
type word struct{ into encoding.TextUnmarshaler }

// Scan implements sql.Scanner.
func (w word) Scan(from any) error {
	switch text := from.(type) {
	case string:
		return w.into.UnmarshalText([]byte(text))
	case []byte:
		return w.into.UnmarshalText(text)
	}
	return fmt.Errorf("a text column holds a %T", from)
}

// document reads and writes a text column that holds JSON.
type document struct{ into any }

// Scan implements sql.Scanner.
func (d document) Scan(from any) error {
	switch text := from.(type) {
	case string:
		return json.Unmarshal([]byte(text), d.into)
	case []byte:
		return json.Unmarshal(text, d.into)
	}
	return fmt.Errorf("a text column holds a %T", from)
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("store: a plain value cannot be written as JSON: " + err.Error())
	}
	return string(text)
}

// digest32 reads a column of 32 bytes.
type digest32 struct{ into *[32]byte }

// Scan implements sql.Scanner.
func (d digest32) Scan(from any) error {
	bytes, ok := from.([]byte)
	if !ok || len(bytes) != 32 {
		return fmt.Errorf("a column of 32 bytes holds %d", len(bytes))
	}
	copy(d.into[:], bytes)
	return nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
