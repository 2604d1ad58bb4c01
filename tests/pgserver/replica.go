//go:build linux

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Replica makes a standby of the server, which can take over: a server of its own in a
// folder of its own, on the same machine. It is asynchronous as long as the server waits for
// none.
func (s *Server) Replica(ctx context.Context) (*Server, error) {
	home, err := os.MkdirTemp(filepath.Dir(s.dir), "pg")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a standby: %w", err)
	}
	r := &Server{dir: home, bin: s.bin, exited: make(chan error, 1)}
	if err := r.dropRoot(); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	out, err := r.command("pg_basebackup", "-D", filepath.Join(home, "data"), "-h", s.dir, "-U", "postgres", "-c", "fast", "-X", "stream", "-R", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the server: %w: %s", err, out), r.Stop())
	}
	if err := r.run(); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	if err := s.awaitStandby(ctx, "async"); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

// Query runs a statement in a database of the server and returns its first column, as
// text.
func (s *Server) Query(ctx context.Context, database, statement string) (string, error) {
	conn, err := pgx.Connect(ctx, s.DSN(database))
	if err != nil {
		return "", fmt.Errorf("connect to postgresql: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return "", err
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(texts, "\n"), err
}

// Receiver signals the process by which a standby receives the log: SIGSTOP makes it
// stand still, as one does whose machine hangs.
func (s *Server) Receiver(ctx context.Context, signal syscall.Signal) error {
	text, err := s.Query(ctx, "postgres", `SELECT pid::text FROM pg_stat_wal_receiver`)
	if err != nil {
		return err
	}
	var pid int
	if _, err := fmt.Sscan(text, &pid); err != nil {
		return fmt.Errorf("find the receiver of the log: %w", err)
	}
	return syscall.Kill(pid, signal)
}

// Promote makes a standby the primary.
func (s *Server) Promote(ctx context.Context) error {
	if _, err := s.Query(ctx, "postgres", `SELECT pg_promote(true, 20)::text`); err != nil {
		return fmt.Errorf("promote the standby: %w", err)
	}
	_, err := s.Query(ctx, "postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`)
	if err == nil {
		_, err = s.Query(ctx, "postgres", `SELECT pg_reload_conf()::text`)
	}
	return err
}
