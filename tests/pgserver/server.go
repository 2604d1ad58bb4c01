//go:build linux

// Package pgserver runs a private PostgreSQL server from Debian's package, for tests
// and benchmarks: in a folder of its own, reached through a socket in it.
package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that PostgreSQL is not installed.
var ErrMissing = errors.New("postgresql is not installed: apt-get install postgresql")

// Server is a running server.
type Server struct {
	dir       string
	bin       string
	account   *syscall.SysProcAttr // whom it runs as
	process   *exec.Cmd
	exited    chan error
	databases atomic.Int64
}

// The server listens on no network, so its port only names the socket.
const (
	port     = 5432
	patience = 30 * time.Second
)

// Start makes a database cluster in a new folder inside dir and starts a server on it.
// fsync is on, as in production. It returns ErrMissing where there is no PostgreSQL.
func Start(dir string) (*Server, error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	// A socket's path may have some hundred characters, so it must be short.
	home, err := os.MkdirTemp(dir, "pg")
	if err != nil {
		return nil, fmt.Errorf("make a folder for postgresql: %w", err)
	}
	s := &Server{dir: home, bin: bin, exited: make(chan error, 1)}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Find returns the folder of the newest installed server's programs, or ErrMissing.
func Find() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.Sort(found)
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrMissing
}

func (s *Server) start() error {
	if err := s.dropRoot(); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	if out, err := s.command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return s.run()
}

// run starts the server on its data.
func (s *Server) run() error {
	s.process = s.command("postgres", "-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-p", strconv.Itoa(port), "-c", "listen_addresses=", "-c", "fsync=on",
		"-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB", "-c", "log_min_messages=fatal")
	var log bytes.Buffer
	s.process.Stderr = &log
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("start postgresql: %w", err)
	}
	go func() { s.exited <- s.process.Wait() }()
	return s.await(&log)
}

// dropRoot makes the server run as somebody else where this runs as root.
func (s *Server) dropRoot() (err error) {
	s.account, err = Account(s.dir)
	return err
}

// Account is whom a server runs as, who owns folder from now on: PostgreSQL refuses to run
// as root. A test process that is killed takes the server with it.
func Account(folder string) (*syscall.SysProcAttr, error) {
	account := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return account, nil
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("postgresql does not run as root: %w", err)
	}
	uid, err := strconv.Atoi(other.Uid)
	if err != nil {
		return nil, fmt.Errorf("user postgres: %w", err)
	}
	gid, err := strconv.Atoi(other.Gid)
	if err != nil {
		return nil, fmt.Errorf("user postgres: %w", err)
	}
	account.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return account, os.Chown(folder, uid, gid)
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.dir
	c.SysProcAttr = s.account
	return c
}

// await waits until the server answers.
func (s *Server) await(log *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case failed := <-s.exited:
			s.exited <- failed
			return fmt.Errorf("postgresql ended: %w: %s", failed, log)
		case <-ctx.Done():
			return fmt.Errorf("postgresql does not answer: %w", err)
		case <-again.C:
		}
	}
}

// DSN returns the address of a database.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("host=%s port=%d user=postgres dbname=%s sslmode=disable", s.dir, port, database)
}

// CreateDatabase makes an empty database and returns its address.
func (s *Server) CreateDatabase(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return "", fmt.Errorf("connect to postgresql: %w", err)
	}
	name := "farthing" + strconv.FormatInt(s.databases.Add(1), 10)
	_, err = conn.Exec(ctx, `CREATE DATABASE `+name)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	return s.DSN(name), nil
}

// Crash ends the server as a fault would, without a word to anybody: an immediate
// shutdown, after which Restart finds what was on disk.
func (s *Server) Crash() {
	if err := s.process.Process.Signal(syscall.SIGQUIT); err == nil {
		failed := <-s.exited
		s.exited <- failed
	}
}

// Restart starts a server that crashed.
func (s *Server) Restart() error {
	s.exited = make(chan error, 1)
	return s.run()
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	if s.process != nil && s.process.Process != nil {
		s.Crash()
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove postgresql's folder: %w", err)
	}
	return nil
}
