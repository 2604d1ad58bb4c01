package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// access gives each request an id, and writes one line about each answer: which route, how
// it came out, how long it took and how large it was. Nothing in it tells of a person: no
// address, no path with ids, no query, no header.
type access struct {
	log    *slog.Logger
	prefix string
	count  atomic.Uint64
}

// accessMessage is the message of these lines.
const accessMessage = "request"

func newAccess(log *slog.Logger) *access {
	return &access{log: log, prefix: "req_" + strings.ToLower(rand.Text()[:8]) + "_"}
}

// begin names the request in the answer's X-Request-Id, by which the API knows it too.
func (a *access) begin(w http.ResponseWriter) {
	var buffer [48]byte
	w.Header()["X-Request-Id"] = []string{string(strconv.AppendUint(append(buffer[:0], a.prefix...), a.count.Add(1), 36))}
}

// end writes the line.
func (a *access) end(r *http.Request, route string, answered *statusWriter, took time.Duration) {
	if !a.log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	a.log.LogAttrs(r.Context(), slog.LevelInfo, accessMessage, slog.String("request", answered.Header().Get("X-Request-Id")), slog.String("method", knownMethod(r.Method)),
		slog.String("route", route), slog.Int("status", answered.status), slog.Int64("us", took.Microseconds()), slog.Int64("bytes", answered.bytes))
}

// knownMethod keeps what strangers write in place of a method out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
