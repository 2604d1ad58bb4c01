package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/export"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
)

var tables = []export.Table{export.Entries, export.Postings, export.Orders}

func TestExportOfSQLite(t *testing.T) {
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	testExport(t, db)
}

// testExport plays the self-test's scene, in which every kind of entry is, and exports it.
func testExport(t *testing.T, db store.Database) {
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := verify.Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	t.Run("is what is expected", func(t *testing.T) { testGolden(t, db) })
	t.Run("postings come to the ledger's sums", func(t *testing.T) { testSums(t, db) })
	t.Run("orders come to what was sold", func(t *testing.T) { testOrders(t, db) })
	t.Run("Parquet says what CSV says", func(t *testing.T) { testParquet(t, db) })
	t.Run("times follow on each other", func(t *testing.T) { testTimes(t, db) })
	t.Run("a damaged journal is refused", func(t *testing.T) { testDamage(t, db) })
}

func write(t *testing.T, db store.Database, o export.Options) ([]byte, export.Summary) {
	t.Helper()
	o.Folder = t.TempDir()
	var file bytes.Buffer
	summary, err := export.Write(t.Context(), db, &file, o)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(o.Folder); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind, %v", left, err)
	}
	return file.Bytes(), summary
}

// records reads CSV by another reader than our own.
func records(t *testing.T, file []byte) (names []string, rows [][]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	return all[0], all[1:]
}

// rowsOf exports a table as CSV and returns its rows by the names of columns.
func rowsOf(t *testing.T, db store.Database, o export.Options) (rows []map[string]string) {
	t.Helper()
	o.Format = export.CSV
	file, summary := write(t, db, o)
	names, cells := records(t, file)
	for _, cell := range cells {
		row := map[string]string{}
		for i, name := range names {
			row[name] = cell[i]
		}
		rows = append(rows, row)
	}
	if summary.Rows != uint64(len(rows)) {
		t.Errorf("%d rows are told, and %d are there", summary.Rows, len(rows))
	}
	return rows
}

// anID is one of a kind that a journal names.
var anID = regexp.MustCompile(`\b(acc|vnd|ord|cmp|pay)_[0-9a-z]{26}\b`)

// testGolden compares with testdata. FARTHING_GOLDEN=write writes it.
func testGolden(t *testing.T, db store.Database) {
	known := map[string]string{}
	counts := map[string]int{}
	for _, table := range tables {
		file, _ := write(t, db, export.Options{Table: table, Format: export.CSV})
		got := anID.ReplaceAllStringFunc(string(file), func(id string) string {
			if known[id] == "" {
				kind := id[:3]
				counts[kind]++
				known[id] = fmt.Sprintf("%s_%d", kind, counts[kind])
			}
			return known[id]
		})
		path := filepath.Join("testdata", string(table)+".csv")
		if os.Getenv("FARTHING_GOLDEN") == "write" {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\r\n"), strings.Split(got, "\r\n")); diff != "" {
			t.Errorf("%s (- expected, + exported):\n%s", path, diff)
		}
	}
}

// amountOf reads what is written with six decimals.
func amountOf(t *testing.T, text string) token.Amount {
	t.Helper()
	whole, fraction, ok := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if !ok || len(fraction) != 6 || err != nil {
		t.Fatalf("%q is no amount with six decimals", text)
	}
	return token.Amount(n)
}

func testSums(t *testing.T, db store.Database) {
	engine, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	books, err := engine.Owner(t.Context(), [16]byte{})
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ account, currency, class string }
	want, got := map[row]token.Amount{}, map[row]token.Amount{}
	for _, b := range books.Balances {
		want[row{b.Code.String(), b.Currency.String(), b.Class.Kind.String()}] = b.Amount
	}
	for _, p := range rowsOf(t, db, export.Options{Table: export.Postings}) {
		if p["class"] != token.Test.String() {
			got[row{p["account"], p["currency"], p["class"]}] += amountOf(t, p["amount"])
		}
	}
	if len(want) < 8 {
		t.Errorf("there are only %d sums", len(want))
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("- the ledger's sums, + postings:\n%s", diff)
	}
}

// testOrders compares orders with entries, folded in memory and through many runs.
func testOrders(t *testing.T, db store.Database) {
	at := map[string]string{}
	charged, refunded := map[string]token.Amount{}, map[string]token.Amount{}
	for _, e := range rowsOf(t, db, export.Options{Table: export.Entries}) {
		switch e["kind"] {
		case "order.paid", "hold.captured":
			charged[e["order_id"]] += amountOf(t, e["amount"])
		case "order.refunded":
			refunded[e["order_id"]] += amountOf(t, e["amount"])
		}
		if strings.HasPrefix(e["kind"], "order.") && e["kind"] != "order.viewed" && e["kind"] != "order.covered" || strings.HasPrefix(e["kind"], "hold.") {
			at[e["order_id"]] = e["occurred_at"]
		}
	}
	orders := rowsOf(t, db, export.Options{Table: export.Orders})
	if len(orders) != len(at) {
		t.Errorf("%d orders, and entries of %d", len(orders), len(at))
	}
	states := map[string]int{}
	for _, o := range orders {
		id := o["order_id"]
		states[o["status"]]++
		if o["changed_at"] != at[id] {
			t.Errorf("%s changed at %s, want %s", id, o["changed_at"], at[id])
		}
		if got := amountOf(t, o["charged"]); got != charged[id] {
			t.Errorf("%s: %d charged, want %d", id, got, charged[id])
		}
		if got := amountOf(t, o["refunded"]); got != refunded[id] {
			t.Errorf("%s: %d refunded, want %d", id, got, refunded[id])
		}
		if left := amountOf(t, o["net"]) + amountOf(t, o["fee"]) + amountOf(t, o["royalties"]); left != charged[id]-refunded[id] {
			t.Errorf("%s: net, fee and royalties are %d, want %d", id, left, charged[id]-refunded[id])
		}
	}
	for _, state := range []string{"paid", "held", "released", "refunded"} {
		if states[state] == 0 {
			t.Errorf("no order is %s: %v", state, states)
		}
	}
	for _, most := range []int{1, 2, 7} {
		if diff := cmp.Diff(orders, rowsOf(t, db, export.InMemory(export.Options{Table: export.Orders}, most))); diff != "" {
			t.Errorf("with %d in memory (- expected, + exported):\n%s", most, diff)
		}
	}
}

// testParquet reads Parquet back by the library and compares every cell.
func testParquet(t *testing.T, db store.Database) {
	for _, table := range tables {
		file, _ := write(t, db, export.Options{Table: table, Format: export.CSV})
		names, want := records(t, file)
		file, _ = write(t, db, export.Options{Table: table, Format: export.Parquet})
		gotNames, got := parquetRows(t, file)
		if diff := cmp.Diff(names, gotNames); diff != "" {
			t.Errorf("columns of %s (- CSV, + Parquet):\n%s", table, diff)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (- CSV, + Parquet):\n%s", table, diff)
		}
	}
}

// parquetRows reads a file and writes its cells as CSV has them.
func parquetRows(t *testing.T, file []byte) (names []string, rows [][]string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	fields := f.Schema().Fields()
	for _, field := range fields {
		names = append(names, field.Name())
	}
	reader := parquet.NewReader(f)
	defer reader.Close()
	buffer := make([]parquet.Row, 1)
	for range f.NumRows() {
		if n, err := reader.ReadRows(buffer); n != 1 {
			t.Fatalf("read row %d: %v", len(rows), err)
		}
		row := make([]string, len(fields))
		for i, value := range buffer[0] {
			row[i] = cellOf(fields[i], value)
		}
		rows = append(rows, row)
	}
	return names, rows
}

func cellOf(field parquet.Field, value parquet.Value) string {
	if value.IsNull() {
		return ""
	}
	switch field.Type().String() {
	case "TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS)":
		return time.UnixMilli(value.Int64()).UTC().Format("2006-01-02T15:04:05.000Z")
	case "DECIMAL(18,6)":
		return token.Amount(value.Int64()).Decimal(6)
	}
	return value.String()
}

// testTimes exports a journal in two parts.
func testTimes(t *testing.T, db store.Database) {
	all := rowsOf(t, db, export.Options{Table: export.Entries})
	for _, i := range []int{1, len(all) / 2, len(all) - 1} {
		middle, err := time.Parse(time.RFC3339, all[i]["occurred_at"])
		if err != nil {
			t.Fatal(err)
		}
		early := rowsOf(t, db, export.Options{Table: export.Entries, Until: middle})
		late := rowsOf(t, db, export.Options{Table: export.Entries, Since: middle})
		if len(late) == 0 || late[0]["occurred_at"] != all[i]["occurred_at"] {
			t.Errorf("since %s begins with %d others", middle, len(late))
		}
		if diff := cmp.Diff(all, append(early, late...)); diff != "" {
			t.Errorf("until and since %s:\n%s", middle, diff)
		}
	}
	for _, o := range []export.Options{
		{Table: export.Entries, Until: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		{Table: export.Orders, Since: time.Date(2036, 3, 2, 0, 0, 0, 0, time.UTC)},
	} {
		if rows := rowsOf(t, db, o); len(rows) > 0 {
			t.Errorf("%v are there", rows)
		}
	}
}

// damaged hands out other blocks than a database holds.
type damaged struct {
	store.Database
	damage func([]*journal.Block) []*journal.Block
}

func (d damaged) BlocksAfter(ctx context.Context, seq uint64, limit int) ([]*journal.Block, error) {
	blocks, err := d.Database.BlocksAfter(ctx, seq, limit)
	return d.damage(blocks), err
}

func testDamage(t *testing.T, db store.Database) {
	for _, c := range []struct {
		name, says string
		damage     func([]*journal.Block) []*journal.Block
	}{
		{"another body", "is not what its hash says", func(b []*journal.Block) []*journal.Block {
			if len(b) > 3 {
				b[3].Body[5]++
			}
			return b
		}},
		{"a block is missing", "comes a block that begins with", func(b []*journal.Block) []*journal.Block {
			if len(b) > 3 {
				return append(b[:3:3], b[4:]...)
			}
			return b
		}},
		{"another chain", "does not follow the one before", func(b []*journal.Block) []*journal.Block {
			if len(b) > 3 {
				b[3].Prev[0]++
				b[3].Hash = b[3].Sum()
			}
			return b
		}},
		{"the end is missing", "the journal ends at", func(b []*journal.Block) []*journal.Block { return b[:len(b)/2] }},
	} {
		for _, table := range tables {
			_, err := export.Write(t.Context(), damaged{db, c.damage}, &bytes.Buffer{}, export.Options{Table: table, Format: export.CSV})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %s: %v", c.name, table, err)
			}
		}
	}
}
