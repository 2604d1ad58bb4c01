package projection_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/export"
	"farthing.dev/farthing/projection"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
)

func TestProjectionInSQLite(t *testing.T) {
	testProjection(t, played(t), func(t *testing.T) string { return filepath.Join(t.TempDir(), "books.db") })
}

// played returns a database in which every kind of entry is.
func played(t *testing.T) store.Database {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	play(t, db)
	return db
}

func play(t *testing.T, db store.Database) {
	t.Helper()
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := verify.Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

// testProjection projects a journal into a place that place names, empty each time.
func testProjection(t *testing.T, db store.Database, place func(t *testing.T) string) {
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Database, string)
	}{
		{"says what export says", testRows},
		{"in pieces, and after crashes, each entry once", testPieces},
		{"two at once", testTwo},
		{"another journal is noticed", testOther},
		{"what accountants ask", testQuestions},
		{"checks by SQL agree with verify", testChecks},
		{"the chart of accounts", testChart},
		{"another format", testFormat},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, db, place(t)) })
	}
}

// open opens a target and prepares it.
func open(t *testing.T, into string) *projection.Target {
	t.Helper()
	target, err := projection.Open(t.Context(), into)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = target.Close() })
	if err := target.Prepare(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return target
}

func run(t *testing.T, db store.Database, target *projection.Target) projection.Summary {
	t.Helper()
	summary, err := projection.Run(t.Context(), db, target, projection.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// query returns rows as text; times and truths as export writes them.
func query(t *testing.T, target *projection.Target, text string) (names []string, all [][]string) {
	t.Helper()
	rows, err := target.SQL().QueryContext(t.Context(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	if names, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]any, len(names))
		into := make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, cell := range cells {
			row[i] = written(cell)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names, all
}

func written(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case interface{ UnixMilli() int64 }:
		return fmt.Sprint(v.UnixMilli())
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// testRows compares the tables with what export writes, through the views with decimals.
func testRows(t *testing.T, db store.Database, into string) {
	target := open(t, into)
	summary := run(t, db, target)
	var file strings.Builder
	for table, by := range map[export.Table]string{export.Entries: "entry", export.Postings: "entry, leg", export.Orders: "order_id"} {
		file.Reset()
		exported, err := export.Write(t.Context(), db, &file, export.Options{Table: table, Format: export.CSV, Folder: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Split(strings.SplitN(file.String(), "\r\n", 2)[0], ",")
		var columns []string
		for _, c := range export.Columns(table) {
			column := c.Name
			switch c.Form {
			case export.Moment:
				if strings.Contains(into, "dbname=") {
					column = fmt.Sprintf(`to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`, column)
				}
			case export.Truth:
				column = fmt.Sprintf("CASE WHEN %s THEN 'true' ELSE 'false' END", column)
			}
			columns = append(columns, column)
		}
		_, rows := query(t, target, fmt.Sprintf("SELECT %s FROM %s_decimal ORDER BY %s", strings.Join(columns, ", "), table, by))
		got := strings.Join(names, ",") + "\r\n"
		for _, row := range rows {
			got += strings.Join(row, ",") + "\r\n"
		}
		if diff := cmp.Diff(strings.Split(file.String(), "\r\n"), strings.Split(got, "\r\n")); diff != "" || exported.Rows != uint64(len(rows)) {
			t.Errorf("%s (- export, + projection):\n%s", table, diff)
		}
		if exported.Head != summary.Head && exported.Head.String() != summary.Head.String() {
			t.Errorf("the projection stands at %s, export at %s", summary.Head, exported.Head)
		}
	}
}

// short is a journal that ends early, and fails at times.
type short struct {
	store.Database
	end  uint64
	fail func() error
}

func (s *short) Follow(ctx context.Context, head journal.Head, limit int) ([]*journal.Block, error) {
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return nil, err
		}
	}
	blocks, err := s.Database.Follow(ctx, head, min(limit, 3))
	return slices.DeleteFunc(blocks, func(b *journal.Block) bool { return b.Last() > s.end }), err
}

// dump is all that the projection says.
func dump(t *testing.T, target *projection.Target) (all []string) {
	t.Helper()
	for _, table := range []string{"entries ORDER BY entry", "postings ORDER BY entry, leg", "orders ORDER BY order_id",
		"balances ORDER BY account, COALESCE(owner_id, ''), currency, class, COALESCE(campaign_id, '')", "projection"} {
		_, rows := query(t, target, "SELECT * FROM "+table)
		for _, row := range rows {
			all = append(all, table+": "+strings.Join(row, ","))
		}
	}
	return all
}

func testPieces(t *testing.T, db store.Database, into string) {
	whole := open(t, into)
	run(t, db, whole)
	want := dump(t, whole)
	target := open(t, into) // again
	head, err := store.JournalHead(t.Context(), db.SQL())
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("the connection broke")
	for end := uint64(5); ; end += 5 {
		calls := 0
		part := &short{Database: db, end: min(end, head.Seq), fail: func() error {
			if calls++; calls == 2 {
				return failure
			}
			return nil
		}}
		if _, err := projection.Run(t.Context(), part, target, projection.Options{}); err != nil && !errors.Is(err, failure) {
			t.Fatal(err)
		}
		at, err := target.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at.Seq == head.Seq {
			break
		}
		// Another process goes on where this one was.
		if err := target.Close(); err != nil {
			t.Fatal(err)
		}
		if target, err = projection.Open(t.Context(), into); err != nil {
			t.Fatal(err)
		}
		if err := target.Prepare(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	defer target.Close()
	if diff := cmp.Diff(want, dump(t, target)); diff != "" {
		t.Errorf("- in one go, + in pieces:\n%s", diff)
	}
}

// testTwo has two processes write at once.
func testTwo(t *testing.T, db store.Database, into string) {
	first := open(t, into)
	run(t, db, first)
	want := dump(t, first)
	first = open(t, into)
	second, err := projection.Open(t.Context(), into)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	head, err := store.JournalHead(t.Context(), db.SQL())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	for _, target := range []*projection.Target{first, second} {
		go func() {
			_, err := projection.Run(t.Context(), &short{Database: db, end: head.Seq}, target, projection.Options{})
			done <- err
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dump(t, first)); diff != "" {
		t.Errorf("- one, + two at once:\n%s", diff)
	}
}

func testOther(t *testing.T, db store.Database, into string) {
	target := open(t, into)
	run(t, db, target)
	other := played(t)
	if _, err := projection.Run(t.Context(), other, target, projection.Options{}); !errors.Is(err, projection.ErrOtherJournal) || !strings.Contains(err.Error(), "--rebuild") {
		t.Errorf("another journal: %v", err)
	}
	before := dump(t, target)
	if err := target.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, dump(t, target)); diff != "" {
		t.Errorf("preparing changed what was there:\n%s", diff)
	}
	if err := target.Prepare(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if summary := run(t, other, target); summary.Entries != summary.Head.Seq {
		t.Errorf("made again: %+v", summary)
	}
}

// blocks are the statements of the guide.
func blocks(t *testing.T, mark string) (all []string) {
	t.Helper()
	guide, err := os.ReadFile(filepath.Join("..", "docs", "accountants.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile("(?s)```"+mark+"\n(.*?)```").FindAllStringSubmatch(string(guide), -1) {
		all = append(all, found[1])
	}
	return all
}

func testQuestions(t *testing.T, db store.Database, into string) {
	target := open(t, into)
	run(t, db, target)
	questions := blocks(t, "sql")
	if len(questions) != 10 {
		t.Fatalf("there are %d questions", len(questions))
	}
	engine, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	books, err := engine.Owner(t.Context(), [16]byte{}) // the provider's
	if err != nil {
		t.Fatal(err)
	}
	total := func(class token.ClassKind, of ...string) (amount token.Amount) {
		for _, b := range books.Balances {
			if slices.Contains(of, b.Code.String()) && b.Class.Kind == class && b.Currency == token.MustCurrency("USD") {
				amount += b.Amount
			}
		}
		return amount
	}
	for n, want := range map[int]string{
		2: fmt.Sprint(int64(total(token.Purchased, "wallet", "held"))),
		5: (-total(token.Purchased, "cash")).Decimal(6),
		6: total(token.Purchased, "fee").Decimal(6),
		8: (-total(token.Incentive, "incentive_issued")).Decimal(6),
	} {
		_, rows := query(t, target, questions[n-1])
		got := token.Amount(0)
		for _, row := range rows {
			if slices.Contains(row, "USD") {
				got += read(t, row[len(row)-1], n == 2)
			}
		}
		if got == 0 || got != read(t, want, n == 2) {
			t.Errorf("question %d: the books say %s, and the projection %v", n, want, rows)
		}
	}
	for i, q := range questions {
		names, rows := query(t, target, q)
		if len(rows) == 0 {
			t.Errorf("question %d has no answer", i+1)
		}
		if i == 0 {
			for _, row := range rows {
				if row[2] != row[3] {
					t.Errorf("debit and credit differ: %v %v", names, row)
				}
			}
		}
	}
}

// read reads an amount in major units, as either database writes it.
func read(t *testing.T, text string, smallest bool) token.Amount {
	t.Helper()
	if smallest {
		var n int64
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
		return token.Amount(n)
	}
	var f float64
	if _, err := fmt.Sscan(text, &f); err != nil {
		t.Fatal(err)
	}
	if f < 0 {
		return token.Amount(f*1e6 - 0.5)
	}
	return token.Amount(f*1e6 + 0.5)
}

// plants change one row each, so that a check by SQL finds it.
var plants = []string{
	`UPDATE postings SET amount = amount + 1 WHERE entry = (SELECT MAX(entry) FROM postings) AND leg = 1`,
	`UPDATE balances SET amount = amount - 1 WHERE account = 'fee'`,
	`DELETE FROM balances WHERE account = 'held' AND amount <> 0`,
	`UPDATE entries SET fee = fee + 1 WHERE entry = (SELECT MAX(entry) FROM entries WHERE kind = 'order.paid')`,
	`UPDATE entries SET amount = amount + 1 WHERE entry = (SELECT MAX(entry) FROM entries WHERE kind = 'wallet.funded' AND NOT test)`,
	`UPDATE orders SET royalties = royalties + 1, net = net - 1 WHERE order_id = (SELECT MAX(order_id) FROM orders WHERE royalties > 0)`,
	`UPDATE orders SET refunded = charged + 1 WHERE order_id = (SELECT MAX(order_id) FROM orders WHERE charged > 0)`,
	`UPDATE orders SET charged = charged + 1, net = net + 1 WHERE order_id = (SELECT MAX(order_id) FROM orders WHERE charged > 0)`,
	`UPDATE orders SET status = 'released' WHERE status = 'held'`,
	`DELETE FROM entries WHERE entry = 7`,
	`DELETE FROM entries WHERE entry = (SELECT MAX(entry) FROM entries)`,
}

func testChecks(t *testing.T, db store.Database, into string) {
	report, err := verify.Run(t.Context(), db, verify.Options{})
	if err != nil || !report.Clean() {
		t.Fatalf("verify does not find the books sound: %v", err)
	}
	target := open(t, into)
	run(t, db, target)
	checks := blocks(t, "sql check")
	if len(checks) < 10 {
		t.Fatalf("there are %d checks", len(checks))
	}
	found := map[int]bool{}
	for i, check := range checks {
		if _, rows := query(t, target, check); len(rows) > 0 {
			t.Errorf("verify finds the books sound, and a check does not: %s\n%v", check, rows)
			found[i] = true
		}
	}
	for _, plant := range plants {
		if err := target.Prepare(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		run(t, db, target)
		changed, err := target.SQL().ExecContext(t.Context(), plant)
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := changed.RowsAffected(); err != nil || rows == 0 {
			t.Fatalf("%s: %d rows, %v", plant, rows, err)
		}
		noticed := false
		for i, check := range checks {
			if _, rows := query(t, target, check); len(rows) > 0 {
				noticed, found[i] = true, true
			}
		}
		if !noticed {
			t.Errorf("no check notices %s", plant)
		}
	}
	for i, check := range checks {
		if !found[i] {
			t.Errorf("no plant shows that this check finds anything: %s", check)
		}
	}
}

func testChart(t *testing.T, _ store.Database, into string) {
	guide, err := os.ReadFile(filepath.Join("..", "docs", "chart-of-accounts.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for _, found := range regexp.MustCompile(`(?m)^\| (\d+) \| (\w+) \| (\w+) \| ([\w ]+) \|`).FindAllStringSubmatch(string(guide), -1) {
		want = append(want, found[1:])
	}
	_, got := query(t, open(t, into), "SELECT code, account, kind, owner FROM chart_of_accounts ORDER BY code")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- docs/chart-of-accounts.md, + the table:\n%s", diff)
	}
}

func testFormat(t *testing.T, db store.Database, into string) {
	target := open(t, into)
	run(t, db, target)
	want := dump(t, target)
	if _, err := target.SQL().ExecContext(t.Context(), `UPDATE projection SET format = 99`); err != nil {
		t.Fatal(err)
	}
	if err := target.Prepare(t.Context(), false); !errors.Is(err, projection.ErrOtherFormat) {
		t.Errorf("another format: %v", err)
	}
	if err := target.Prepare(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	run(t, db, target)
	if diff := cmp.Diff(want, dump(t, target)); diff != "" {
		t.Errorf("- before, + made again:\n%s", diff)
	}
}

// The provider's own file is refused, and left as it is.
func TestAFileOfSomethingElseIsRefused(t *testing.T) {
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	play(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	target, err := projection.Open(t.Context(), filepath.Join(folder, "farthing.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := target.Prepare(t.Context(), true); !errors.Is(err, projection.ErrTaken) {
		t.Errorf("the provider's own file: %v", err)
	}
	var tables int
	if err := target.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE name = 'projection'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables, %v", tables, err)
	}
}
