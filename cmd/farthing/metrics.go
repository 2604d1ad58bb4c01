package main

import (
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/store"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meter counts requests by route and status.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	active   prometheus.Gauge
}

func newMeter() *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "farthing_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "farthing_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "farthing_http_requests_active", Help: "Requests being answered now.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.active,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// around counts what next answers. The route is the pattern that matched, so that
// ids in paths do not become labels without an end.
func (m *meter) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.active.Inc()
		defer m.active.Dec()
		began := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		route := r.Pattern
		if route == "" || route == "/" {
			route = "other"
		}
		m.requests.WithLabelValues(route, strconv.Itoa(seen.status)).Inc()
		m.seconds.WithLabelValues(route).Observe(time.Since(began).Seconds())
	})
}

func (m *meter) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// gauge adds a figure that is read when the metrics are.
func (m *meter) gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// counter adds a figure that only grows, read when the metrics are.
func (m *meter) counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// statusWriter remembers the status that was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader remembers the first final status.
func (w *statusWriter) WriteHeader(status int) {
	if !w.wrote && status >= 200 {
		w.status, w.wrote = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is an answer of 200 where nothing was said before.
func (w *statusWriter) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// watch adds the engine's figures.
func (m *meter) watch(engine *store.Engine) {
	m.counter("farthing_batches_total", "Batches decided.", func() float64 { return float64(engine.Stats().Batches) })
	m.counter("farthing_commands_total", "Commands answered.", func() float64 { return float64(engine.Stats().Commands) })
	m.counter("farthing_entries_total", "Journal entries appended by this process.", func() float64 { return float64(engine.Stats().Entries) })
	m.counter("farthing_flushes_total", "Times that derived data was written behind.", func() float64 { return float64(engine.Stats().Flushes) })
	m.counter("farthing_merges_total", "Sorted runs that were merged.", func() float64 { return float64(engine.Stats().Merges) })
	m.gauge("farthing_queue", "Commands waiting for a batch.", func() float64 { return float64(engine.Stats().Queue) })
	m.gauge("farthing_tail_entries", "Entries not yet flushed to the index.", func() float64 { return float64(engine.Stats().Tail) })
	m.gauge("farthing_index_runs", "Sorted runs of the index.", func() float64 { return float64(engine.Stats().Runs) })
	m.gauge("farthing_last_commit_seconds", "How long the last batch took, decision and durable commit.", func() float64 { return engine.Stats().LastCommit.Seconds() })
	m.gauge("farthing_journal_sequence", "The number of the journal's last entry.", func() float64 { return float64(engine.Head().Seq) })
}
