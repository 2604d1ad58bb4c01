package audit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// told is a history by name.
func told(t *testing.T, name string) *history {
	h := newHistory(t)
	histories[name](h)
	h.store()
	return h
}

// vague is a past in which nobody can say how accounts stood up to an entry, or that cannot be asked.
type vague struct {
	past
	until uint64
	err   error
}

func (v *vague) Account(id token.AccountID, before uint64) (Earlier, error) {
	if v.err != nil {
		return Earlier{}, v.err
	}
	if before <= v.until {
		return Earlier{Until: v.until}, nil
	}
	return v.past.Account(id, before)
}

// Where nobody knows how an account stood, its entries are skipped and counted; from then on they
// are judged again.
func TestWhatNobodyKnowsIsSkipped(t *testing.T) {
	for _, name := range []string{"limits", "a transfer", "a second person"} {
		h := told(t, name)
		of := func(e *journal.Entry) bool { return !e.Account.IsZero() }
		const from, until = 2, 8
		want := uint64(0)
		for _, e := range h.entries[from:] {
			if e.Seq <= until && of(e) && e.Account != journal.Approvals {
				want++
			}
		}
		a := Resume(rules, &vague{past: past{h: h}, until: until}, h.head(from))
		audited(a, h.entries[from:])
		if a.Found() != nil || a.Err() != nil || name != "a second person" && a.Skipped() == 0 {
			t.Errorf("%s: %+v, %v, %d skipped", name, a.Found(), a.Err(), a.Skipped())
		}
		if name == "limits" {
			if a.Skipped() != want {
				t.Errorf("%s: %d skipped, not %d", name, a.Skipped(), want)
			}
			next := a.Next(1 << 20)
			if next.Skipped() != want || next.Head() != a.Head() || next.Size() != 0 {
				t.Errorf("the next begins at %s with %d skipped, and knows %d", next.Head(), next.Skipped(), next.Size())
			}
			last := len(h.entries) - 1
			wrong := slices.Clone(h.entries)
			wrong[last] = clone(t, wrong[last])
			wrong[last].Sale.Price++
			a := Resume(rules, &vague{past: past{h: h}, until: until}, h.head(from))
			if audited(a, wrong[from:]); a.Found() == nil || a.Found().Entry != wrong[last].Seq {
				t.Errorf("behind what is skipped, %+v was found", a.Found())
			}
			early := slices.Clone(h.entries)
			early[4] = clone(t, early[4]) // a limit, among what is skipped
			early[4].Limit = nil
			a = Resume(rules, &vague{past: past{h: h}, until: until}, h.head(from))
			if audited(a, early[from:7]); a.Found() != nil {
				t.Errorf("of what is skipped, %+v was found", a.Found())
			}
		}
	}
}

// Where the past cannot be asked, the audit is void and says so, once.
func TestAPastThatCannotBeAsked(t *testing.T) {
	h := told(t, "limits")
	broken := errors.New("the database is away")
	a := Resume(rules, &vague{past: past{h: h}, err: broken}, h.head(3))
	audited(a, h.entries[3:])
	if !errors.Is(a.Err(), broken) {
		t.Errorf("void because of %v", a.Err())
	}
	if a.Fail(errors.New("later")); !errors.Is(a.Err(), broken) {
		t.Errorf("void because of %v", a.Err())
	}
	New(rules).Fail(broken) // of who sees all, nobody asks
}

// A key that was used by the auditor before is used for this one too, and outside events are told once.
func TestTheNextAuditorKnowsWhatWasUsed(t *testing.T) {
	h := told(t, "a click, views and refunds")
	a := audited(Resume(rules, &past{h: h}, journal.Head{}), h.entries[:6])
	credits := a.Credits()
	if len(credits) != 2 || credits[0].Seq != 1 || credits[1].Seq != 2 || credits[0].Method != "bank" || len(a.Credits()) != 0 {
		t.Errorf("credited %+v", credits)
	}
	if size := a.Size(); size != max(1, 1, 5) {
		t.Errorf("it knows %d accounts, orders and keys", size)
	}
	again := clone(t, h.entries[6])
	again.Key = h.entries[4].Key
	next := a.Next(1 << 20)
	if next.fold(block(next.head, again)); next.Found() == nil || next.Found().Invariant != OneDebit || next.Found().Entry != 7 {
		t.Errorf("a key used twice: %+v", next.Found())
	}
}

// Two keys are one only if both their parts are.
func TestKeysAreOfTheirScope(t *testing.T) {
	a := New(rules)
	one := journal.Key{Scope: [16]byte{15: 1}, Hash: [16]byte{1}}
	other := journal.Key{Scope: [16]byte{15: 2}, Hash: [16]byte{1}}
	for _, c := range []struct {
		key    journal.Key
		faults int
	}{{one, 0}, {other, 0}, {journal.Key{Scope: [16]byte{15: 1}, Hash: [16]byte{2}}, 0}, {one, 1}, {other, 2}} {
		a.key(&journal.Entry{Key: c.key})
		if n := len(a.report.Checks[OneDebit-1].Faults); n != c.faults {
			t.Errorf("%v: %d faults", c.key, n)
		}
	}
}

// Spent is what an entry that sets a limit must say.
func TestWhatWasSpentUnderALimit(t *testing.T) {
	h := told(t, "a limit of a month, after months")
	a := audited(New(rules), h.entries)
	of := limit.Limit{Currency: usd, Period: limit.Month}
	for _, c := range []struct {
		account token.AccountID
		period  limit.Period
		at      int64
		want    token.Amount
	}{
		{h.account, limit.Month, h.now, 20}, {h.account, limit.Day, h.now, 13}, {h.account, limit.Day, h.now - aDay, 0},
		{h.account, limit.PerPurchase, h.now, 0}, {h.other, limit.Month, h.now, 0},
	} {
		if of.Period = c.period; a.Spent(c.account, of, c.at) != c.want {
			t.Errorf("per %s, %d was spent, not %d", c.period, a.Spent(c.account, of, c.at), c.want)
		}
	}
}

// A stream is audited in its order, by however many workers; who looks on can end it.
func TestAStreamIsAuditedInItsOrder(t *testing.T) {
	h := told(t, "limits")
	var blocks []*journal.Block
	var head journal.Head
	for _, e := range h.entries {
		b, err := journal.Seal(head, e.At, []*journal.Entry{clone(t, e)})
		if err != nil {
			t.Fatal(err)
		}
		blocks, head = append(blocks, b), b.Head()
	}
	source := func(_ context.Context, fn func(*journal.Block) error) error {
		body := make([]byte, 1<<12) // used again for each block
		for _, b := range blocks {
			lent := *b
			lent.Body = body[:copy(body, b.Body)]
			if err := fn(&lent); err != nil {
				return err
			}
		}
		return nil
	}
	for _, workers := range []int{0, 1, 3} {
		a := New(rules)
		seen := uint64(0)
		err := a.Stream(context.Background(), source, workers, func(b *journal.Block, entries []*journal.Entry) error {
			if seen++; b.First != seen || len(entries) != 1 || entries[0].Seq != seen {
				t.Errorf("block %d of entry %d is seen as number %d", b.First, entries[0].Seq, seen)
			}
			return nil
		})
		if report := a.Report(); err != nil || seen != head.Seq || report.Head != head || !report.Clean() {
			t.Errorf("%d workers: %v, %d of %d are seen, %v are broken", workers, err, seen, head.Seq, report.Broken())
		}
		enough := errors.New("enough")
		if err := New(rules).Stream(context.Background(), source, workers, func(*journal.Block, []*journal.Entry) error { return enough }); !errors.Is(err, enough) {
			t.Errorf("%d workers: %v", workers, err)
		}
		if err := New(rules).Stream(context.Background(), source, workers, nil); err != nil {
			t.Errorf("%d workers, nobody looks on: %v", workers, err)
		}
	}
}

// Blocks are chained, numbered without a gap, and time does not run back.
func TestBlocksFollowEachOther(t *testing.T) {
	h := told(t, "a transfer")
	for name, c := range map[string]struct {
		change func(d *decoded)
		broken []int
	}{
		"as sealed":                {func(d *decoded) {}, nil},
		"at the time before it":    {func(d *decoded) { d.block.At = h.entries[1].At }, nil},
		"another block before it":  {func(d *decoded) { d.block.Prev = journal.Hash{7} }, []int{ChainWhole}},
		"another content":          {func(d *decoded) { d.sum = journal.Hash{7} }, []int{ChainWhole}},
		"a number left out":        {func(d *decoded) { d.block.First++ }, []int{SequenceWhole}},
		"a number again":           {func(d *decoded) { d.block.First-- }, []int{SequenceWhole}},
		"no entries":               {func(d *decoded) { d.block.Count, d.entries = 0, nil }, []int{SequenceWhole}},
		"before the time of that":  {func(d *decoded) { d.block.At = h.entries[1].At - 1 }, []int{SequenceWhole}},
		"what cannot be read":      {func(d *decoded) { d.err, d.entries = errors.New("damaged"), nil }, []int{SequenceWhole}},
		"a kind that nobody knows": {func(d *decoded) { d.entries = []*journal.Entry{{Seq: 3, Kind: 99}} }, []int{SequenceWhole}},
	} {
		a := audited(New(rules), h.entries[:2])
		d := block(a.head, clone(t, h.entries[2]))
		c.change(&d)
		if a.fold(d); !slices.Equal(a.report.Broken(), c.broken) {
			t.Errorf("%s: %v are broken, not %v", name, a.report.Broken(), c.broken)
		}
	}
}

// A report tells the first faults of each invariant and counts the rest.
func TestAReportIsRead(t *testing.T) {
	r := NewReport()
	if len(r.Checks) != StaffLog || r.Checks[0].Number != LegsBalance || r.Checks[StaffLog-1].Number != StaffLog || !r.Clean() {
		t.Fatalf("%+v", r)
	}
	r.Entries, r.Blocks = 7, 3
	r.Checked(LegsBalance, 5)
	for range MaxFaults {
		r.Fault(Limits, "once %d", 1)
	}
	if r.Clean() || !slices.Equal(r.Broken(), []int{Limits}) || r.Checks[Limits-1].More != 0 {
		t.Errorf("%+v", r.Checks[Limits-1])
	}
	var short strings.Builder
	if _, err := r.WriteTo(&short); err != nil || strings.Contains(short.String(), ": and") {
		t.Errorf("%v: %s", err, short.String())
	}
	r.Fault(Limits, "too many")
	r.Fault(Limits, "too many")
	r.Fault(Division, "one")
	var text strings.Builder
	n, err := r.WriteTo(&text)
	if err != nil || n != int64(text.Len()) {
		t.Errorf("%d bytes, %v", n, err)
	}
	for _, want := range []string{"7 entries in 3 blocks\n", "holds\n", "nothing to check\n", "BROKEN 22 times\n", "BROKEN 1 times\n", "\n7: once 1\n", "\n7: and 2 more\n", "\n5: one\n", "head 0:"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	for _, line := range strings.Split(text.String(), "\n") {
		if f := strings.Fields(line); len(f) > 1 && (f[0] == "1" && !strings.HasSuffix(line, "5  holds") || f[0] == "2" && !strings.HasSuffix(line, "0  nothing to check")) {
			t.Errorf("told %q", line)
		}
	}
	if strings.Contains(text.String(), "too many") || strings.Count(text.String(), "once 1") != MaxFaults || strings.Count(text.String(), ": and") != 1 {
		t.Errorf("told:\n%s", text.String())
	}
	if !slices.Equal(r.Broken(), []int{Division, Limits}) {
		t.Errorf("%v are broken", r.Broken())
	}
}

// The auditor divides as the sale does, by code of its own: whoever is first in the split, and
// whatever is left.
func TestTheAuditorDividesAsTheSale(t *testing.T) {
	for price := token.Amount(1); price < 400; price++ {
		for _, f := range []royalty.FeeRule{{}, fee, {Fixed: 50}, {PPM: 1_000_000}} {
			is, want := divide(int64(price), f, split), royalty.Divide(price, f, &split, nil)
			if is.net != int64(want.Net) || is.fee != int64(want.Fee) || !slices.Equal(is.lines, want.Lines) {
				t.Fatalf("%d is divided into %+v, not %+v", price, is, want)
			}
		}
	}
	for _, c := range [][4]int64{{10, 3, 4, 7}, {10, 4, 4, 10}, {10, 5, 4, 0}, {0, 1, 4, 0}, {1, 1, 1, 1}, {10, 0, 4, 0}, {-1, 1, 4, 0}, {1 << 62, 1 << 61, 1 << 62, 1 << 61}, {5, 0, 0, 0}} {
		if got := muldiv(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%d * %d / %d is %d, not %d", c[0], c[1], c[2], got, c[3])
		}
	}
}

// An audit may know any number of orders, each by itself.
func TestOrdersBeyondASlab(t *testing.T) {
	of := orders{byID: map[token.OrderID]uint32{}}
	id := func(n int) token.OrderID { return token.OrderID{byte(n), byte(n >> 8)} }
	for n := range 2*slabSize + 1 {
		of.add(id(n)).price = int64(n)
	}
	for n := range 2*slabSize + 1 {
		if o := of.find(id(n)); o == nil || o.price != int64(n) {
			t.Fatalf("order %d is %+v", n, o)
		}
	}
}
