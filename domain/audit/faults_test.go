package audit

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/journal"
)

var update = flag.Bool("update", false, "write testdata/faults.txt anew; what changed in it is to be read")

// change is one way in which a value can be wrong.
type change struct {
	path  string // of the field, without the numbers of elements
	how   string
	apply func(root reflect.Value)
}

// changes lists the ways in which exactly one field of a value can be wrong. at finds the value in
// its root.
func changes(v reflect.Value, path string, at func(root reflect.Value) reflect.Value) []change {
	one := func(how string, apply func(v reflect.Value)) change {
		return change{path, how, func(root reflect.Value) { apply(at(root)) }}
	}
	switch v.Kind() {
	case reflect.Int64, reflect.Int:
		all := []change{one("+1", func(v reflect.Value) { v.SetInt(v.Int() + 1) })}
		if v.Int() != 0 {
			all = append(all, one("-1", func(v reflect.Value) { v.SetInt(v.Int() - 1) }))
		}
		if v.Int() > 1 && (strings.HasSuffix(path, "Amount") || strings.HasSuffix(path, "Price")) {
			all = append(all, one("nothing", func(v reflect.Value) { v.SetInt(0) }))
		}
		return all
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		all := []change{one("+1", func(v reflect.Value) { v.SetUint(v.Uint() + 1) })}
		if v.Uint() > 0 {
			all = append(all, one("-1", func(v reflect.Value) { v.SetUint(v.Uint() - 1) }))
		}
		return all
	case reflect.Bool:
		return []change{one("not", func(v reflect.Value) { v.SetBool(!v.Bool()) })}
	case reflect.String:
		return []change{one("other", func(v reflect.Value) { v.SetString(v.String() + "x") })}
	case reflect.Array: // an id, a hash, a currency
		if v.IsZero() {
			return nil
		}
		return []change{one("other", func(v reflect.Value) { last := v.Index(v.Len() - 1); last.SetUint(last.Uint() ^ 0x15) })}
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return append(changes(v.Elem(), path, func(root reflect.Value) reflect.Value { return at(root).Elem() }),
			one("none", func(v reflect.Value) { v.SetZero() }))
	case reflect.Slice:
		var all []change
		for i := range v.Len() {
			all = append(all, changes(v.Index(i), path, func(root reflect.Value) reflect.Value { return at(root).Index(i) })...)
		}
		if v.Len() > 0 {
			all = append(all, one("one less", func(v reflect.Value) { v.Set(v.Slice(0, v.Len()-1)) }),
				one("one twice", func(v reflect.Value) { v.Set(reflect.Append(v, v.Index(0))) }))
		}
		return all
	case reflect.Struct:
		var all []change
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && (path != "" || !v.Field(i).IsZero()) {
				inner := strings.TrimPrefix(path+"."+field.Name, ".")
				all = append(all, changes(v.Field(i), inner, func(root reflect.Value) reflect.Value { return at(root).Field(i) })...)
			}
		}
		return all
	}
	panic("no way to change " + path)
}

// changesOf lists the ways in which what value points to can be wrong.
func changesOf(value any) []change {
	return changes(reflect.ValueOf(value).Elem(), "", func(root reflect.Value) reflect.Value { return root })
}

// clone copies an entry; what it names is shared with nobody.
func clone(t *testing.T, e *journal.Entry) *journal.Entry {
	encoded, err := journal.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	copied := &journal.Entry{}
	if err := journal.Unmarshal(encoded, copied); err != nil {
		t.Fatal(err)
	}
	copied.Seq, copied.At = e.Seq, e.At
	return copied
}

// outcome is which invariants were named, by number.
type outcome map[string]map[string]int // what was wrong; the invariants; how often

func (o outcome) add(what string, named []string) {
	if o[what] == nil {
		o[what] = map[string]int{}
	}
	o[what][strings.Trim(fmt.Sprint(named), "[]")]++
}

func (o outcome) String() string {
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(o)) {
		fmt.Fprintf(&b, "%s:", what)
		for _, named := range slices.Sorted(maps.Keys(o[what])) {
			shown := named
			if named == "" {
				shown = "-"
			}
			fmt.Fprintf(&b, " %s (%d)", strings.ReplaceAll(shown, " ", ","), o[what][named])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// found audits a history from its first entry on, and returns what is named.
func (h *history) found(entries []*journal.Entry) []string {
	a := New(rules)
	a.KnowOffers(h.offersOf)
	report := audited(a, entries).Report()
	return counted(&report)
}

// counted returns the invariants that are broken, each with how many faults of it were found.
func counted(r *Report) (named []string) {
	for _, c := range r.Checks {
		switch n := len(c.Faults); {
		case n == 1:
			named = append(named, strconv.Itoa(c.Number))
		case n > 1:
			named = append(named, fmt.Sprintf("%dx%d", c.Number, n))
		}
	}
	return named
}

// watched audits from the changed entry on, as the watchdog does, and returns what it names.
func (h *history) watched(entries []*journal.Entry, from int) (named []string) {
	a := Resume(rules, &past{h: h, stored: true}, h.head(uint64(from)))
	a.KnowOffers(h.offersOf)
	audited(a, entries[from:])
	if f := a.Found(); f != nil {
		for _, n := range append([]int{f.Invariant}, f.Also...) {
			named = append(named, strconv.Itoa(n))
		}
	}
	return named
}

// TestWhatIsWrongIsNamed changes every field of every entry of every history in one way at a time,
// leaves every entry out and has it twice, and compares which invariants the auditor names with
// testdata/faults.txt: in a line, by kind of entry and field, the numbers of the invariants, and in
// how many entries; 31x2 is two faults of invariant 31. "-" stands for none: what nothing else in the journal contradicts.
func TestWhatIsWrongIsNamed(t *testing.T) {
	verified, seen, stored := outcome{}, outcome{}, outcome{}
	checked := NewReport()
	for _, name := range slices.Sorted(maps.Keys(histories)) {
		h := newHistory(t)
		histories[name](h)
		h.store()
		for i, e := range h.entries {
			entries := slices.Clone(h.entries)
			for _, c := range changesOf(e) {
				if apart[c.path] {
					continue
				}
				wrong := clone(t, e)
				c.apply(reflect.ValueOf(wrong).Elem())
				entries[i] = wrong
				what := fmt.Sprintf("%s %s %s", e.Kind, c.path, c.how)
				verified.add(what, h.found(entries))
				seen.add(what, h.watched(entries, i))
			}
			twice := clone(t, e)
			verified.add(e.Kind.String()+" missing", h.found(numbered(t, slices.Delete(slices.Clone(h.entries), i, i+1))))
			verified.add(e.Kind.String()+" twice", h.found(numbered(t, slices.Insert(slices.Clone(h.entries), i, twice))))
		}
		for _, seq := range slices.Sorted(maps.Keys(h.stored)) {
			for i, c := range h.compared(seq, h.stored[seq]...).Checks {
				checked.Checks[i].Rows += c.Rows
			}
			h.storedWrongly(seq, stored)
		}
	}
	var rows strings.Builder
	for _, c := range checked.Checks {
		if c.Rows > 0 {
			fmt.Fprintf(&rows, "%d: %d\n", c.Number, c.Rows)
		}
	}
	got := "# What is checked, by invariant\n" + rows.String() + "\n# From the first entry on\n" + verified.String() + "\n# From the entry on\n" + seen.String() + "\n# Stored\n" + stored.String()
	const path = "testdata/faults.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	told := 0
	is, was := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for _, line := range is {
		if !slices.Contains(was, line) && told < 20 {
			t.Errorf("not in %s: %s", path, line)
			told++
		}
	}
	for _, line := range was {
		if !slices.Contains(is, line) && told < 40 {
			t.Errorf("only in %s: %s", path, line)
			told++
		}
	}
	if told == 0 {
		t.Errorf("%s has other lines in another order", path)
	}
}

// apart are the fields that others look at (the sealed block, the index), or that belong to other kinds.
var apart = map[string]bool{"Seq": true, "Kind": true, "Key.Digest": true, "Key.Hash": true, "Key.Scope": true, "View": false, "First": false,
	"Fund.Channel": true, "Sale.Tracking": true, "Opened.ReturnURL": true, "Refund.Reason": true, "Opened.Item.Title": true,
	"Opened.Item.Description": true, "Opened.Item.URL": true, "Opened.CancelURL": true, "Opened.Login": true, "Opened.Post": true, "Opened.Tracking": true,
	"Parts.Asked.Why": true, "Parts.Decision.Why": true, "Parts.Asked.Instruction.Fund.Channel": true}

// numbered copies entries and numbers them without a gap.
func numbered(t *testing.T, entries []*journal.Entry) []*journal.Entry {
	for i, e := range entries {
		entries[i] = clone(t, e)
		entries[i].Seq = uint64(i + 1)
	}
	return entries
}

// compared audits a history and compares it with what is stored at an entry.
func (h *history) compared(seq uint64, snapshots ...Snapshot) *Report {
	a := New(rules)
	a.KnowOffers(h.offersOf)
	a.SnapshotsTo(seq)
	for _, s := range snapshots {
		a.Snapshot(s)
	}
	report := audited(a, h.entries).Report()
	return &report
}

// storedWrongly changes every field of every account stored at an entry, leaves each out and has
// it twice.
func (h *history) storedWrongly(seq uint64, found outcome) {
	all := h.stored[seq]
	slices.SortFunc(all, func(a, b Snapshot) int { return a.Account.Compare(b.Account) })
	compare := func(snapshots ...Snapshot) []string { return counted(h.compared(seq, snapshots...)) }
	for i := range all {
		what := "account"
		switch {
		case len(all[i].Owed)+len(all[i].Sales) > 0:
			what = "owner"
		case len(all[i].Debts) > 0:
			what = "issuer"
		}
		for _, c := range changesOf(&all[i]) {
			if strings.Contains(c.path, "Terms") || strings.Contains(c.path, "Asked.") || c.path == "Account" {
				continue
			}
			wrong := slices.Clone(all)
			wrong[i] = copied(all[i])
			c.apply(reflect.ValueOf(&wrong[i]).Elem())
			found.add(fmt.Sprintf("%s %s %s", what, c.path, c.how), compare(wrong...))
		}
		found.add(what+" missing", compare(slices.Delete(slices.Clone(all), i, i+1)...))
		found.add(what+" twice", compare(append(slices.Clone(all), all[i])...))
	}
}

// copied is a snapshot that shares nothing that changes change.
func copied(s Snapshot) Snapshot {
	s.Wallets, s.Limits, s.Allowances, s.Approvals = slices.Clone(s.Wallets), slices.Clone(s.Limits), slices.Clone(s.Allowances), slices.Clone(s.Approvals)
	s.Debts, s.Owed, s.Sales = slices.Clone(s.Debts), slices.Clone(s.Owed), slices.Clone(s.Sales)
	if s.Desk != nil {
		desk := StoredDesk{slices.Clone(s.Desk.Policies), slices.Clone(s.Desk.Requests)}
		for i := range desk.Requests {
			desk.Requests[i].Given = slices.Clone(desk.Requests[i].Given)
		}
		s.Desk = &desk
	}
	return s
}
