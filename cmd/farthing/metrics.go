package main

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
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
	refusals *prometheus.CounterVec
	access   *access // writes a line about each request; nil for none
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
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "farthing_refusals_total", Help: "Requests, and purchases of batches, refused, by the code that the problem or the page has.",
		}, []string{"code"}),
	}
	m.registry.MustRegister(m.refusals, m.requests, m.seconds, m.active,
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
		if m.access != nil {
			m.access.begin(w)
		}
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK, refusals: m.refusals}
		next.ServeHTTP(seen, r)
		route := r.Pattern
		if route == "" || route == "/" {
			route = "other"
		}
		m.requests.WithLabelValues(route, strconv.Itoa(seen.status)).Inc()
		took := time.Since(began)
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
		if m.access != nil {
			m.access.end(r, route, seen, took)
		}
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
	bytes  int64 // of the body
	wrote  bool

	refusals *prometheus.CounterVec
}

var _ web.RefusalCounter = (*statusWriter)(nil)

// CountRefusal counts the code that a request was refused with.
func (w *statusWriter) CountRefusal(code token.Code) {
	w.refusals.WithLabelValues(string(code)).Inc()
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
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// health adds what alerts are written with: whether the provider can sell, why it cannot,
// and the figures of the database.
func (m *meter) health(w *watch, db store.Database) {
	m.registry.MustRegister(reasonsCollector{w, prometheus.NewDesc("farthing_problem", "1 while this is wrong with the provider, by code.", []string{"code"}, nil)},
		collectors.NewDBStatsCollector(db.SQL(), "farthing"))
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "farthing_build_info", Help: "1, with the version that runs.",
		ConstLabels: prometheus.Labels{"version": version(), "go": runtime.Version(), "database": db.Dialect()},
	}, func() float64 { return 1 }))
	m.gauge("farthing_ready", "1 while /readyz answers 200.", func() float64 { return truth(len(w.blocking()) == 0) })
	if w.room != nil {
		m.gauge("farthing_disk_free_bytes", "Room in the file system of the data folder.", func() float64 { free, _ := w.room(); return float64(free) })
	}
	if file, inside := db.(*sqlite.Database); inside {
		m.gauge("farthing_wal_bytes", "Size of SQLite's WAL.", func() float64 { return float64(file.WALBytes()) })
	}
}

// follower adds how far behind the journal's end a follower is.
func (m *meter) follower(f *store.Follower) {
	labels := prometheus.Labels{"name": f.Name}
	add := func(name, help string, read func(store.FollowerState) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return read(f.State()) }))
	}
	add("farthing_follower_lag_entries", "Entries of the journal that a follower has not seen yet.", func(s store.FollowerState) float64 { return float64(s.Lag) })
	add("farthing_follower_failing", "1 while a follower fails, or has stopped.", func(s store.FollowerState) float64 { return truth(s.Failing != "" || s.Stopped != "") })
}

// reasonsCollector tells of each code whether it keeps the provider from selling.
type reasonsCollector struct {
	watch *watch
	about *prometheus.Desc
}

// Describe is part of prometheus.Collector.
func (c reasonsCollector) Describe(out chan<- *prometheus.Desc) { out <- c.about }

// Collect is part of prometheus.Collector.
func (c reasonsCollector) Collect(out chan<- prometheus.Metric) {
	reasons := c.watch.reasons()
	for _, code := range unreadyCodes {
		_, there := reasons[code]
		out <- prometheus.MustNewConstMetric(c.about, prometheus.GaugeValue, truth(there), code)
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// seconds is a moment in Unix seconds; zero where there was none.
func seconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixMilli()) / 1000
}

// engine adds the engine's figures.
func (m *meter) engine(engine *store.Engine) {
	m.counter("farthing_batches_total", "Batches decided.", func() float64 { return float64(engine.Stats().Batches) })
	m.counter("farthing_commands_total", "Commands answered.", func() float64 { return float64(engine.Stats().Commands) })
	m.counter("farthing_entries_total", "Journal entries appended by this process.", func() float64 { return float64(engine.Stats().Entries) })
	m.counter("farthing_flushes_total", "Times that derived data was written behind.", func() float64 { return float64(engine.Stats().Flushes) })
	m.counter("farthing_batches_failed_total", "Tries of a batch that failed; callers were asked to try again.", func() float64 { return float64(engine.Stats().FailedBatches) })
	m.counter("farthing_flushes_failed_total", "Times that derived data could not be written behind.", func() float64 { return float64(engine.Stats().FailedFlushes) })
	m.gauge("farthing_stuck", "1 while commands are refused because too much waits to be written behind.", func() float64 { return truth(engine.Stats().Stuck) })
	m.gauge("farthing_commit_waiting_seconds", "How long the batch under way has taken so far; 0 where there is none.", func() float64 { return engine.Stats().Waiting.Seconds() })
	m.gauge("farthing_last_append_timestamp_seconds", "When this process last appended to the journal; 0 before it has.", func() float64 { return seconds(engine.Stats().CommittedAt) })
	m.gauge("farthing_last_flush_timestamp_seconds", "When derived data was last written behind; 0 before it was.", func() float64 { return seconds(engine.Stats().FlushedAt) })
	m.counter("farthing_merges_total", "Sorted runs that were merged.", func() float64 { return float64(engine.Stats().Merges) })
	m.gauge("farthing_queue", "Commands waiting for a batch.", func() float64 { return float64(engine.Stats().Queue) })
	m.gauge("farthing_tail_entries", "Entries not yet flushed to the index.", func() float64 { return float64(engine.Stats().Tail) })
	m.gauge("farthing_index_runs", "Sorted runs of the index.", func() float64 { return float64(engine.Stats().Runs) })
	m.gauge("farthing_last_commit_seconds", "How long the last batch took, decision and durable commit.", func() float64 { return engine.Stats().LastCommit.Seconds() })
	m.gauge("farthing_journal_sequence", "The number of the journal's last entry.", func() float64 { return float64(engine.Head().Seq) })
}
