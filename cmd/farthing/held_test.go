package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/launch"
)

// TestMain lets this test binary be a provider that another test holds in its hand:
// tests/launch builds it and starts it with FARTHING_HELD set. No program that is
// delivered can do what is here.
func TestMain(m *testing.M) {
	if os.Getenv("FARTHING_HELD") != "" {
		if err := hold(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// heldClock stands still until it is moved. It can be set wrong, too: then the clock that
// nobody sets is not.
type heldClock struct {
	mu    sync.Mutex
	now   time.Time
	wrong time.Duration
}

var _ store.Steady = (*heldClock)(nil)

func (c *heldClock) Now() time.Time { now, _ := c.Reading(); return now }

func (c *heldClock) Reading() (now time.Time, elapsed time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Add(c.wrong), time.Duration(c.now.UnixNano())
}

func (c *heldClock) Asleep() time.Duration { return 0 }

func (c *heldClock) set(wrong time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = wrong
}

func (c *heldClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// hold runs a provider as serve does, and a second server that obeys a test.
func hold(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, _, ok := readConfig("held", append(args, "--log-level", "debug-100"), func(string) string { return "" }, os.Stderr, os.Stderr)
	if !ok {
		return fmt.Errorf("bad flags %q", args)
	}
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	c.baseURL = "http://localhost:" + port
	log, flush, err := newLog(c, os.Stderr)
	if err != nil {
		return err
	}
	defer flush()
	clock := &heldClock{now: time.Now().Truncate(time.Second)}
	p, err := openProvider(ctx, c, clock, log, true)
	if err != nil {
		return err
	}
	go http.Serve(control, hand(p, clock))
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": c.baseURL, "control": "http://" + control.Addr().String()}); err != nil {
		return err
	}
	if err := serveUntil(ctx, newServer(p.handler, log), listener, c.grace); err != nil {
		return err
	}
	return p.close(context.WithoutCancel(ctx))
}

// hand is what a test can ask a held provider.
func hand(p *provider, clock *heldClock) http.Handler {
	mux := http.NewServeMux()
	answer := func(path string, give func(*http.Request) (any, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			out, err := give(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			json.NewEncoder(w).Encode(out)
		})
	}
	answer("/advance", func(r *http.Request) (any, error) {
		by, err := time.ParseDuration(r.FormValue("by"))
		clock.move(by)
		return clock.Now(), err
	})
	answer("/wrong", func(r *http.Request) (any, error) {
		by, err := time.ParseDuration(r.FormValue("by"))
		clock.set(by)
		return clock.Now(), err
	})
	answer("/routes", func(*http.Request) (any, error) { return routesOf(p) })
	answer("/state", func(r *http.Request) (any, error) {
		head := p.engine.Head()
		tables, err := digests(r.Context(), p.db.SQL())
		return launch.State{Head: fmt.Sprintf("%d %x", head.Seq, head.Hash), Hashes: p.app.PasswordsHashed(), Tables: tables}, err
	})
	return mux
}

// routesOf returns every pattern of the muxes that serve, and of those inside handlers
// that are registered with them.
func routesOf(p *provider) ([]launch.Route, error) {
	names := []string{"outer", "all", "pages"}
	var routes []launch.Route
	for i, mux := range p.muxes {
		found := map[string]string{}
		walk(reflect.ValueOf(mux).Elem(), names[i], found, 0)
		if len(found) == 0 {
			return nil, fmt.Errorf("no pattern found in the mux %s: net/http keeps them elsewhere now", names[i])
		}
		for pattern, name := range found {
			routes = append(routes, launch.Route{Mux: name, Pattern: pattern})
		}
	}
	slices.SortFunc(routes, func(a, b launch.Route) int { return strings.Compare(a.Mux+a.Pattern, b.Mux+b.Pattern) })
	return routes, nil
}

// walk finds the patterns below v: net/http tells them to nobody, so this looks into a
// mux as it lies in memory, and into handlers that have a mux of their own.
func walk(v reflect.Value, name string, found map[string]string, depth int) {
	if depth > 64 || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if inner := v.Elem(); v.Kind() == reflect.Interface {
			if own := ownMux(inner); own.IsValid() {
				walk(own, inner.Type().String(), found, depth+1)
			}
		} else if inner.Kind() == reflect.Struct && inner.Type().PkgPath() == "net/http" {
			if text := inner.FieldByName("str"); inner.Type().Name() == "pattern" && text.IsValid() {
				found[text.String()] = name
				return
			}
			walk(inner, name, found, depth+1)
		}
	case reflect.Struct:
		if v.Type().PkgPath() != "net/http" {
			return
		}
		for i := range v.NumField() {
			walk(v.Field(i), name, found, depth+1)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), name, found, depth+1)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walk(v.MapIndex(key), name, found, depth+1)
		}
	}
}

// ownMux returns the mux that a handler keeps in one of its fields.
func ownMux(handler reflect.Value) reflect.Value {
	if handler.Kind() != reflect.Pointer || handler.IsNil() || handler.Elem().Kind() != reflect.Struct || handler.Type() == reflect.TypeFor[*http.ServeMux]() {
		return reflect.Value{}
	}
	for i := range handler.Elem().NumField() {
		if field := handler.Elem().Field(i); field.Type() == reflect.TypeFor[*http.ServeMux]() && !field.IsNil() {
			return field.Elem()
		}
	}
	return reflect.Value{}
}

// moving are the tables that the provider itself keeps in motion: the journal, told by
// its head, what is derived from it or follows it, its keys, and the security log and the counts of tries, where a
// refusal goes.
var moving = []string{"block", "journal_lock", "run_meta", "run_data", "run_guide", "signing_keys", "ticket_keys", "ticket_roots", "catalog_writes", "security_events", "tries", "leases", "followers", "watched_deposits"}

// digests returns a digest of each other table, without the times of last use.
func digests(ctx context.Context, db *sql.DB) (map[string]string, error) {
	names, err := texts(ctx, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", nil)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range names {
		if slices.Contains(moving, name) {
			continue
		}
		rows, err := texts(ctx, db, "SELECT * FROM "+name, func(column string) bool { return column == "seen_at" || column == "last_used_at" })
		if err != nil {
			return nil, err
		}
		slices.Sort(rows)
		sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
		out[name] = fmt.Sprintf("%d rows, %s", len(rows), hex.EncodeToString(sum[:8]))
	}
	return out, nil
}

// texts returns each row as one text, without the columns that skip names.
func texts(ctx context.Context, db *sql.DB, query string, skip func(string) bool) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var row []string
		for i, value := range values {
			if skip == nil || !skip(columns[i]) {
				row = append(row, fmt.Sprint(value))
			}
		}
		out = append(out, strings.Join(row, "|"))
	}
	return out, rows.Err()
}
