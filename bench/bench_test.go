package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/edge/vendorapi"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// folder is a Place for tests.
type folder string

func (f folder) Name() string                        { return "sqlite" }
func (f folder) Disk(context.Context) (int64, error) { return DiskUsage(string(f)) }
func (f folder) Open(ctx context.Context) (*System, error) {
	db, err := sqlite.Open(ctx, string(f), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	log, clock := slog.New(slog.DiscardHandler), token.SystemClock{}
	engine, err := store.OpenEngine(ctx, db, clock, log, store.Options{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	catalog := store.NewCatalog(db)
	a := app.Compose(app.Deps{Engine: engine, Catalog: catalog, Clock: clock, IDs: token.NewMaker(clock, nil), BaseURL: "http://localhost", Alone: true})
	return &System{
		Engine: engine, Catalog: catalog, Handler: vendorapi.New(vendorapi.Options{App: a, Clock: clock, Log: log, Rate: -1}), Reader: a.ReaderAt,
		Head:  func(context.Context) (uint64, error) { return engine.Head().Seq, nil },
		Close: func() error { return errors.Join(engine.Close(ctx), db.Close()) },
	}, nil
}

// A whole benchmark, made small, finds every figure; a second one over the same folder
// does not load it again.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	o := Options{
		Seed: 7, Accounts: 300, Preload: 3000, Vendors: 5, Offers: 40, Callers: 16, Connections: 4, Turns: 1,
		Burst: 300 * time.Millisecond, Sustained: 100 * time.Millisecond, Folder: dir, Load: Inside, Progress: &said,
	}
	place := folder(filepath.Join(dir, "data"))
	report, err := Run(t.Context(), o, place)
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	for name, s := range map[string]Sample{"burst": report.Burst, "sustained": report.Sustained, "few": report.Few, "HTTP": report.HTTP, "batches": report.Batch, "in process beside": report.Beside, "empty": report.Empty, "decide": report.Decide} {
		if s.Count == 0 || s.PerSecond() <= 0 || s.Failed > 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if report.BytesPerPurchase <= 0 || report.Entries < 3000 || report.Ready <= 0 {
		t.Errorf("report: %+v", report)
	}
	var out bytes.Buffer
	if err := report.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var figures map[string]any
	if err := json.Unmarshal(out.Bytes(), &figures); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"decide_per_s", "inprocess_per_s", "http_per_s", "http_empty_per_s", "batch_per_s", "batch_ratio", "p50_ms", "p99_ms", "bytes_per_purchase", "ready_s"} {
		if n, ok := figures[key].(float64); !ok || n <= 0 {
			t.Errorf("%s is %v", key, figures[key])
		}
	}
	if err := report.WriteText(&out); err != nil {
		t.Fatal(err)
	}

	again, err := Run(t.Context(), o, place)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "is loaded already") || again.Entries <= report.Entries {
		t.Errorf("the second run: %d entries after %d\n%s", again.Entries, report.Entries, said.String())
	}
	o.Accounts++
	if _, err := Run(t.Context(), o, place); err == nil || !strings.Contains(err.Error(), "loaded otherwise") {
		t.Errorf("another workload over the same folder: %v", err)
	}
}

// The same seed makes the same workload, and every purchase of it can be decided.
func TestWorkloadRepeats(t *testing.T) {
	one, two := NewWorkload(3, 1000, 20, 50), NewWorkload(3, 1000, 20, 50)
	a, b := one.Shopper(9, 1), two.Shopper(9, 1)
	keys := map[string]bool{}
	for range 2000 {
		p, q := a.Next(), b.Next()
		if p != q {
			t.Fatalf("%+v and %+v", p, q)
		}
		if keys[p.Key] || p.Vendor >= 20 || p.Offer >= 50 || p.Reader >= one.buyers() || !slices.Contains(one.Favourites(p.Reader), p.Vendor) {
			t.Fatalf("%+v", p)
		}
		keys[p.Key] = true
	}
	if p := two.Shopper(9, 2).Next(); keys[p.Key] {
		t.Errorf("two callers use the key %s", p.Key)
	}
	if one.Account(1) == one.Account(2) || one.Account(1) == NewWorkload(4, 1000, 20, 50).Account(1) {
		t.Error("two accounts have one id")
	}
}

func TestDecideBuys(t *testing.T) {
	for _, apply := range []bool{false, true} {
		sample, err := Decide(NewWorkload(1, 100, 5, 10), time.Millisecond, apply)
		if err != nil || sample.Count == 0 {
			t.Fatalf("%+v, %v", sample, err)
		}
	}
	state := core.NewState()
	w := NewWorkload(1, 100, 5, 10)
	account := &core.Account{ID: w.Account(0)}
	state.Accounts[account.ID] = account
	if err := w.open(0, func(c core.Command) (core.Outcome, error) { return core.Run(state, c, epochMillis) }); err != nil {
		t.Fatal(err)
	}
	if len(account.Limits) != 1 || len(account.Allowances) == 0 {
		t.Errorf("account 0: %+v", account)
	}
}

// A histogram's quantiles are those of the sorted delays, to one part in a hundred.
func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var whole, half Histogram
	var delays []time.Duration
	for i := range 20_000 {
		d := time.Duration(random.ExpFloat64() * float64(3*time.Millisecond))
		delays = append(delays, d)
		if i%2 == 0 {
			whole.Add(d)
		} else {
			half.Add(d)
		}
	}
	whole.Merge(&half)
	slices.Sort(delays)
	for _, part := range []float64{0, 0.01, 0.5, 0.99, 1} {
		want := delays[min(int(part*20_000), 19_999)]
		if got := whole.Quantile(part); got > want || float64(got) < 0.99*float64(want) {
			t.Errorf("quantile %g: %s, want %s", part, got, want)
		}
	}
	if (&Histogram{}).Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}

func TestMedian(t *testing.T) {
	var s Samples
	for _, n := range []uint64{5, 1, 9} {
		s = append(s, Sample{Count: n, Elapsed: time.Second})
	}
	if got := s.Median().Count; got != 5 {
		t.Errorf("median %d", got)
	}
	if (Samples{}).Median().PerSecond() != 0 {
		t.Error("no samples have a rate")
	}
}

func TestReadAnswer(t *testing.T) {
	for _, test := range []struct {
		text    string
		status  int
		refusal string
		bad     bool
	}{
		{"HTTP/1.1 201 Created\r\nX: y\r\ncontent-length: 3\r\n\r\nabc", 201, "", false},
		{"HTTP/1.1 402 Payment Required\r\nContent-Length: 5\r\n\r\nshort", 402, "short", false},
		{"HTTP/1.1 200 OK\r\n\r\n", 0, "", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 0, "", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 200, "", true},
		{"SSH-2.0\r\n\r\n", 0, "", true},
		{"", 0, "", true},
	} {
		status, refusal, err := readAnswer(bufio.NewReader(strings.NewReader(test.text)), nil)
		if (err != nil) != test.bad || (!test.bad && status != test.status) || string(refusal) != test.refusal {
			t.Errorf("%q: %d %q %v", test.text, status, refusal, err)
		}
	}
}

// The load generator says what it cannot read, and does not go on.
func TestClientRefuses(t *testing.T) {
	if err := Client(strings.NewReader("not a job"), io.Discard); err == nil {
		t.Error("it took a job that is none")
	}
	if err := Client(strings.NewReader(`{"Address":"127.0.0.1:1","Connections":1}`), io.Discard); err == nil {
		t.Error("it works without a server")
	}
}
