package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby receives the server's log as a standby does, until stop is called. It is
// asynchronous as long as the server waits for none.
func (s *Server) Standby(ctx context.Context) (stop func() error, err error) {
	received := filepath.Join(s.dir, "received")
	if err := os.Mkdir(received, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for a standby: %w", err)
	}
	if owner := s.account.Credential; owner != nil {
		if err := os.Chown(received, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, fmt.Errorf("make a folder for a standby: %w", err)
		}
	}
	receiver := s.command("pg_receivewal", "-D", received, "-h", s.dir, "-U", "postgres", "--synchronous", "--no-loop")
	if err := receiver.Start(); err != nil {
		return nil, fmt.Errorf("start a standby: %w", err)
	}
	stop = func() error {
		if err := receiver.Process.Signal(syscall.SIGINT); err != nil {
			return err
		}
		if err := receiver.Wait(); !errors.As(err, new(*exec.ExitError)) {
			return err
		}
		return nil
	}
	if err := s.awaitStandby(ctx, "async"); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// AwaitStandbys has the server wait at each commit for its standbys.
func (s *Server) AwaitStandbys(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{`ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return s.awaitStandby(ctx, "sync")
}

// awaitStandby waits until there is a standby in a state.
func (s *Server) awaitStandby(ctx context.Context, state string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		var count int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = $1`, state).Scan(&count)
		if err != nil {
			return fmt.Errorf("wait for a standby: %w", err)
		}
		if count > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("there is no %s standby: %w", state, ctx.Err())
		case <-again.C:
		}
	}
}
