package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// serveCommand runs the provider until it is told to stop.
func serveCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	c, code, ok := readConfig("serve", args, os.Getenv, out, diag)
	if !ok {
		return code
	}
	err := serve(ctx, c, diag)
	if err != nil {
		fmt.Fprintf(diag, "farthing serve: %v\n", err)
	}
	return exitCode(err)
}

// exitCode is the code that an error ends the process with.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errInUse), errors.Is(err, sqlite.ErrInUse):
		return exitInUse
	}
	return exitFailed
}

func serve(ctx context.Context, c config, diag io.Writer) error {
	log, err := newLog(c, diag)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, c.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.baseURL == "" {
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		c.baseURL = "http://localhost:" + port
	}
	p, err := openProvider(ctx, c, token.SystemClock{}, log, false)
	if err != nil {
		return err
	}
	metrics, err := openMetrics(ctx, c, p.metrics, log)
	if err != nil {
		return errors.Join(err, p.close(context.WithoutCancel(ctx)))
	}
	log.Info("serving", "version", version(), "url", c.baseURL, "listen", listener.Addr().String(), "metrics", metrics.address(), "data", c.data, "database", p.db.Dialect())
	context.AfterFunc(ctx, func() {
		p.closing.Store(true)
		log.Info("stopping: answering what was accepted")
	})
	err = serveUntil(ctx, newServer(p.handler, log), listener, c.grace)
	err = errors.Join(err, p.close(context.WithoutCancel(ctx)), metrics.close(ctx))
	if err == nil {
		log.Info("stopped")
	}
	return err
}
