package export

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/journal/journaltest"
	"farthing.dev/farthing/token"
)

// InMemory has so many orders in memory at most.
func InMemory(o Options, orders int) Options {
	o.inMemory = orders
	return o
}

// What somebody wrote comes back from CSV as it was, and is no formula to a spreadsheet.
func TestTextsInCSV(t *testing.T) {
	for given, want := range map[string]string{
		"An article":             "An article",
		`She said "no", twice`:   `She said "no", twice`,
		"two\r\nlines":           "two\r\nlines",
		"two\nlines":             "two\nlines",
		" a space before":        " a space before",
		"Größe, 値段":              "Größe, 値段",
		"=1+1":                   "'=1+1",
		`=HYPERLINK("http://x")`: `'=HYPERLINK("http://x")`,
		"+1":                     "'+1",
		"-1":                     "'-1",
		"@SUM(1)":                "'@SUM(1)",
		"\t=1":                   "'\t=1",
		"\r=1":                   "'\r=1",
		"\n=1":                   "'\n=1",
		"＝1":                     "'＝1", // spreadsheets of East Asia take these for the others
		"＋1":                     "'＋1",
		"－1":                     "'－1",
		"＠SUM(1)":                "'＠SUM(1)",
		"1-1=0":                  "1-1=0",
		"a\xffb":                 "a\uFFFDb",
	} {
		var file bytes.Buffer
		to, err := newCSV(&file, []Column{{"title", Text, false}, {"amount", Amount, false}})
		if err == nil {
			err = to.row([]Cell{written(given), tokens(-5)})
		}
		if err != nil {
			t.Fatal(err)
		}
		line, ok := strings.CutPrefix(file.String(), "title,amount\r\n")
		line, ended := strings.CutSuffix(line, ",-0.000005\r\n")
		if !ok || !ended {
			t.Errorf("%q is written %q", given, file.String())
		}
		// The standard library's reader takes CRLF within quotes for LF.
		rows, err := csv.NewReader(&file).ReadAll()
		if err != nil || rows[1][0] != strings.ReplaceAll(want, "\r\n", "\n") {
			t.Errorf("%q is read as %q, want %q, %v", given, rows, want, err)
		}
		if !strings.ContainsAny(given, "\",\r\n ") && line != want {
			t.Errorf("%q is written %q", given, line)
		}
	}
}

// Amounts are the same digits in Parquet, nothing is not zero, and what does not fit is refused.
func TestAmountsInParquet(t *testing.T) {
	of := []Column{{"amount", Amount, true}, {"fee", Amount, false}, {"title", Text, false}}
	const most = token.Amount(999_999_999_999_999_999)
	var file bytes.Buffer
	to := newParquet(&file, Entries, of)
	amounts := []token.Amount{0, 1, -1, 123_456_789_012_345_678, most, -most}
	for i, a := range amounts {
		fee := Cell{}
		if i%2 == 0 {
			fee = tokens(0)
		}
		if err := to.row([]Cell{tokens(a), fee, {Set: i%2 == 1}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, wrong := range []token.Amount{most + 1, -most - 1, 1<<63 - 1, -1 << 63} {
		if err := to.row([]Cell{tokens(wrong), {}, {}}); err == nil || !strings.Contains(err.Error(), "DECIMAL(18,6)") {
			t.Errorf("%d was answered with %v", wrong, err)
		}
	}
	if err := to.row([]Cell{{}, {}, {}}); err == nil {
		t.Error("a row without its amount was taken")
	}
	if err := to.close(); err != nil {
		t.Fatal(err)
	}
	rows := make([]parquet.Row, 10)
	n, _ := parquet.NewReader(bytes.NewReader(file.Bytes())).ReadRows(rows)
	if n != len(amounts) {
		t.Fatalf("%d rows", n)
	}
	for i, a := range amounts {
		row := rows[i]
		if row[0].Int64() != int64(a) || row[1].IsNull() != (i%2 == 1) || row[2].IsNull() != (i%2 == 0) {
			t.Errorf("%d is read as %v", a, row)
		}
	}
}

// Of what vendors, operators and readers wrote, an item's SKU and title and the name of a
// payment method get out, and nothing else.
func TestNothingElseThatWasWrittenGetsOut(t *testing.T) {
	secret := "ada@example.org"
	samples := journaltest.Samples()
	for _, e := range samples {
		if e.Opened != nil {
			o := e.Opened
			o.Item.Description, o.Item.URL, o.ReturnURL, o.CancelURL, o.Login, o.Post, o.Tracking = secret, secret, secret, secret, secret, secret, secret
		}
		if e.Sale != nil {
			e.Sale.Tracking = secret
		}
		if e.Refund != nil {
			e.Refund.Reason = secret
		}
		if e.Fund != nil {
			e.Fund.Reference = secret
		}
	}
	for _, o := range []Options{{Table: Entries}, {Table: Postings}, {Table: Orders}} {
		var file bytes.Buffer
		shape := o.shaper()
		to, err := newCSV(&file, shape.columns())
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range samples {
			e.Seq = uint64(i + 1)
			if err := shape.add(to, e); err != nil {
				t.Fatal(err)
			}
		}
		if err := shape.end(to); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.String(), secret) || strings.Contains(file.String(), "usr_") {
			t.Errorf("%s tells what it should not:\n%s", o.Table, file.String())
		}
		if lines := strings.Count(file.String(), "\r\n"); lines < 2 {
			t.Errorf("%s has %d lines", o.Table, lines)
		}
	}
}

// Every kind of entry that is about an order and does more than open its item tells something.
func TestKindsThatOrdersAreMadeOf(t *testing.T) {
	for _, kind := range journal.Kinds() {
		about := strings.HasPrefix(kind.String(), "order.") || strings.HasPrefix(kind.String(), "hold.")
		if want := about && kind != journal.Viewed; Concerns(&journal.Entry{Kind: kind, Order: journaltest.Order}) != want {
			t.Errorf("%s: %t", kind, !want)
		}
	}
	if Concerns(&journal.Entry{Kind: journal.Covered, Order: journaltest.Order, By: journaltest.Order}) {
		t.Error("a purchase that covers a later one is told to be covered")
	}
}

// What orders tell where the time holds only a part of what happened to them.
func TestOrdersInPart(t *testing.T) {
	samples := map[journal.Kind]*journal.Entry{}
	for i, e := range journaltest.Samples() {
		e.Seq, e.At = uint64(i+1), int64(i+1)
		samples[e.Kind] = e
	}
	for _, c := range []struct {
		name  string
		kinds []journal.Kind
		want  map[string]string
	}{
		{"open", []journal.Kind{journal.OrderOpened}, map[string]string{"status": "open", "price": "0.000020", "charged": "0.000000"}},
		{"covered", []journal.Kind{journal.OrderOpened, journal.Viewed, journal.Covered}, map[string]string{"status": "covered", "charged": "0.000000", "covered_by": token.OrderID{9}.String()}},
		{"captured later", []journal.Kind{journal.Captured}, map[string]string{"status": "paid", "price": "", "charged": "0.000020", "opened_at": ""}},
		{"refunded later", []journal.Kind{journal.Refunded}, map[string]string{"status": "", "price": "", "charged": "0.000000", "refunded": "0.000020", "royalties": "-0.000005"}},
		{"refunded", []journal.Kind{journal.Purchased, journal.Refunded}, map[string]string{"status": "refunded", "price": "0.000020", "charged": "0.000020", "refunded": "0.000020", "royalties": "0.000000"}},
	} {
		var file bytes.Buffer
		shape := newOrders(t.TempDir(), 1)
		to, err := newCSV(&file, shape.columns())
		for _, kind := range c.kinds {
			if err == nil {
				err = shape.add(to, samples[kind])
			}
		}
		if err == nil {
			err = shape.end(to)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&file).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%s: %v, %v", c.name, rows, err)
		}
		for i, name := range rows[0] {
			if want, ok := c.want[name]; ok && rows[1][i] != want {
				t.Errorf("%s: %s is %q, want %q", c.name, name, rows[1][i], want)
			}
		}
	}
}
