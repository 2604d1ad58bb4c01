package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/store/sqlite"
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

// minClose is what a stop leaves for closing, when answering requests took all its grace.
const minClose = time.Second

// closePatience is how long closing may take, so that a stop ends within its grace also
// where commits wait for a standby.
func closePatience(asked *time.Time, grace time.Duration) time.Duration {
	if asked == nil {
		return grace
	}
	return max(minClose, grace-time.Since(*asked))
}

func serve(ctx context.Context, c config, diag io.Writer) error {
	log, flush, err := newLog(c, diag)
	if err != nil {
		return err
	}
	defer flush()
	listener, err := listen(ctx, c.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.baseURL == "" {
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		c.baseURL = "http://localhost:" + port
	}
	p, err := openProvider(ctx, c, newMachineClock(), log, false)
	if err != nil {
		return err
	}
	metrics, err := openMetrics(ctx, c, p.metrics, log)
	if err != nil {
		return errors.Join(err, p.close(context.WithoutCancel(ctx)))
	}
	log.Info("serving", "version", version(), "url", c.baseURL, "listen", listener.Addr().String(), "metrics", metrics.address(), "data", c.data, "database", p.db.Dialect())
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var asked atomic.Pointer[time.Time] // when it was asked to stop
	context.AfterFunc(ctx, func() {
		now := time.Now()
		asked.Store(&now)
		p.closing.Store(true)
		log.Info("stopping: answering what was accepted")
		time.AfterFunc(c.drain, stop)
	})
	err = serveUntil(serving, newServer(lastAnswers(p.handler, &p.closing), log), listener, c.grace)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience(asked.Load(), c.drain+c.grace))
	defer cancel()
	err = errors.Join(err, p.close(closing), metrics.close(ctx))
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// lastAnswers has each connection end with the next answer once the server is to stop. So
// balancers that keep connections do not send the next request into one that closes.
func lastAnswers(next http.Handler, closing *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if closing.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
