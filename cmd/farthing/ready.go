package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/store"
)

// The codes of what keeps a provider from selling, beside those of store.Problem. Metrics
// and alerts are written with them, so they do not change.
const (
	notStopping  = "stopping"       // it was told to end
	notQueue     = "queue"          // too many commands wait
	notDatabase  = "database"       // the database does not answer
	notPool      = "pool_exhausted" // every connection to the database is in use, for a second already
	notDisk      = "disk_full"      // there is no room in the data folder
	notUnwatched = "unwatched"      // the last look is too long ago to be believed
	notSafe      = "standbys_async" // no commit waits for a standby any more, so a failover would lose some
)

// unreadyCodes are all codes that /readyz may answer with.
var unreadyCodes = []string{
	notStopping, notQueue, notDatabase, notPool, notDisk, notUnwatched, notSafe,
	store.ProblemCommit, store.ProblemLock, store.ProblemAppend, store.ProblemReplaced, store.ProblemJournal,
	store.ProblemBehind, store.ProblemCompact, store.ProblemClock, store.ProblemSecret, store.ProblemInvariant,
}

const (
	lookPatience = time.Second      // the database answers in this time, or does not
	lookAge      = 5 * time.Second  // a look older than this is not believed
	asyncAge     = 30 * time.Second // so long a standby that comes back may be asynchronous
	roomNeeded   = 16 << 20         // bytes: a WAL that begins again needs no more than that at once
)

// watch knows whether the provider can sell. What has to be asked for is asked for once a
// second, by a worker, so that an answer is ready at once, whatever hangs, and costs the
// database nothing, however many ask.
type watch struct {
	pool     *sql.DB
	queue    func() int                          // commands waiting
	problems func() []store.Problem              // the engine's
	compact  func() error                        // why SQLite's WAL is not copied; nil with PostgreSQL
	room     func() (uint64, bool)               // bytes free in the data folder; nil with PostgreSQL
	async    func(context.Context) (bool, error) // whether no commit waits for any of the standbys; nil: nobody asks
	closing  *atomic.Bool
	log      *slog.Logger

	last  atomic.Pointer[sight]
	since time.Time // when a look first found that; zero where the last one did not
	told  []string  // the codes that the log knows of; the worker's
}

// sight is what a look saw.
type sight struct {
	at    time.Time
	codes map[string]string // to the detail
}

// look asks for what has to be asked for, within lookPatience.
func (w *watch) look(ctx context.Context) {
	seen := &sight{codes: map[string]string{}}
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	if err := w.pool.PingContext(ctx); err != nil {
		code := notDatabase
		if stats := w.pool.Stats(); stats.InUse >= stats.MaxOpenConnections && ctx.Err() != nil {
			code = notPool
		}
		seen.codes[code] = err.Error()
	}
	if w.compact != nil {
		if err := w.compact(); err != nil {
			seen.codes[store.ProblemCompact] = err.Error()
		}
	}
	if w.room != nil {
		if free, known := w.room(); known && free < roomNeeded {
			seen.codes[notDisk] = fmt.Sprintf("%d MiB are free in the data folder; %d are needed", free>>20, roomNeeded>>20)
		}
	}
	w.lookAtStandbys(ctx, seen)
	seen.at = time.Now()
	w.last.Store(seen)
}

// lookAtStandbys tells of standbys that have all become asynchronous while the server ran: at
// its start it would have refused that. What cannot be asked for changes nothing.
func (w *watch) lookAtStandbys(ctx context.Context, seen *sight) {
	if w.async == nil {
		return
	}
	switch async, err := w.async(ctx); {
	case err == nil && !async:
		w.since = time.Time{}
	case err == nil && w.since.IsZero():
		w.since = time.Now()
	}
	if !w.since.IsZero() && time.Since(w.since) >= asyncAge {
		seen.codes[notSafe] = "no commit waits for any of the database's standbys: a failover would lose acknowledged payments; see to synchronous_standby_names"
	}
}

// run looks at each tick until ctx ends, and logs what changed.
func (w *watch) run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ticks:
			w.look(ctx)
			w.tell(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// tell logs what began and what ended since it was last called.
func (w *watch) tell(ctx context.Context) {
	reasons := w.reasons()
	codes := make([]string, 0, len(reasons))
	for code, detail := range reasons {
		codes = append(codes, code)
		if !slices.Contains(w.told, code) {
			message := "not ready to sell"
			if code == notSafe {
				message = "what is sold is not safe"
			}
			w.log.WarnContext(ctx, message, "code", code, "detail", detail)
		}
	}
	for _, code := range w.told {
		if _, there := reasons[code]; !there {
			w.log.WarnContext(ctx, "no longer a reason not to sell", "code", code)
		}
	}
	w.told = codes
}

// blocking returns the reasons for which a balancer should look elsewhere: all, but for two
// that hinder no sale: a WAL that grows because somebody reads for long, and standbys that are
// asynchronous, which they are for all replicas.
func (w *watch) blocking() map[string]string {
	reasons := w.reasons()
	if seen := w.last.Load(); seen != nil && w.compact != nil && seen.codes[store.ProblemCompact] == "" {
		delete(reasons, store.ProblemCompact)
	}
	delete(reasons, notSafe)
	return reasons
}

// reasons returns what is wrong with the provider now: codes and details.
func (w *watch) reasons() map[string]string {
	reasons := map[string]string{}
	if seen := w.last.Load(); seen == nil || time.Since(seen.at) > lookAge {
		reasons[notUnwatched] = "the last look at the database has not ended"
	} else {
		for code, detail := range seen.codes {
			reasons[code] = detail
		}
	}
	for _, problem := range w.problems() {
		reasons[problem.Code] = problem.Detail
	}
	if w.queue() >= readyQueue {
		reasons[notQueue] = "too many commands wait"
	}
	if w.closing.Load() {
		reasons[notStopping] = "the server was told to end"
	}
	return reasons
}

// ready answers 200 while the provider can sell, and otherwise 503 with the codes of the
// reasons, one a line. Details are in the log: strangers may ask here. Of a broken invariant it
// says which, and at which entry.
func (w *watch) ready(out http.ResponseWriter, _ *http.Request) {
	reasons := w.blocking()
	out.Header().Set("Cache-Control", "no-store")
	if len(reasons) == 0 {
		fmt.Fprintln(out, "ready")
		return
	}
	codes := make([]string, 0, len(reasons))
	for code, detail := range reasons {
		if code == store.ProblemInvariant {
			which, _, _ := strings.Cut(detail, ":")
			code += " (" + which + ")"
		}
		codes = append(codes, code)
	}
	slices.Sort(codes)
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.Header().Set("Retry-After", "1")
	out.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(out, strings.Join(codes, "\n")+"\n") // the balancer may be gone
}
