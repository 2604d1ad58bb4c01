package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// defaultMetricsAt is where /metrics is served unless told otherwise: on this machine only.
const defaultMetricsAt = "127.0.0.1:9402"

// metricsServer serves /metrics at an address of its own.
type metricsServer struct {
	server   *http.Server
	listener net.Listener
}

// openMetrics starts to serve handler at c.metricsAt, or returns nil where nobody wants it.
// The default address may be taken, by a second provider on this machine: then that is said,
// and the provider sells without. One that somebody chose must be free.
func openMetrics(ctx context.Context, c config, handler http.Handler, log *slog.Logger) (*metricsServer, error) {
	if !c.metrics || c.metricsAt == "" {
		return nil, nil
	}
	listener, err := listen(ctx, c.metricsAt)
	if errors.Is(err, errInUse) && c.metricsAt == defaultMetricsAt {
		log.WarnContext(ctx, "/metrics is not served: another program listens there; choose an address by --metrics-listen", "listen", c.metricsAt)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &metricsServer{listener: listener, server: newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	}), log)}
	go func() {
		if err := m.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.ErrorContext(ctx, "/metrics is not served any more", "error", err)
		}
	}()
	return m, nil
}

// close ends it, and waits for what is being read for a moment.
func (m *metricsServer) close(ctx context.Context) error {
	if m == nil {
		return nil
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := m.server.Shutdown(ending); err != nil {
		return m.server.Close()
	}
	return nil
}

// address is where it listens, "" where nothing is served.
func (m *metricsServer) address() string {
	if m == nil {
		return ""
	}
	return m.listener.Addr().String()
}
