package journal_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/journal/journaltest"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// What the table says of each kind, said a second time: a line that is taken out of it, or
// forgotten in it, fails here by its name.
func TestKinds(t *testing.T) {
	payer, receiver, issuer, vendor := journaltest.Payer, journaltest.Receiver, journal.IssuerAccount(journaltest.Vendor), journaltest.Vendor
	want := []struct {
		name     string
		moves    bool
		accounts []token.AccountID
		terms    []journal.Term // beside those of order, key and account
		owners   []token.AccountID
		due      []int64
	}{
		{"order.opened", false, nil, []journal.Term{journal.TermVendor(vendor)}, nil, nil},
		{"order.paid", true, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor), journal.TermPayee(journaltest.Payee), owned()}, nil, nil},
		{"hold.placed", true, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor), owned(), journal.TermDue(journaltest.Until)}, nil, []int64{journaltest.Until}},
		{"hold.captured", true, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor), journal.TermPayee(journaltest.Payee)}, nil, nil},
		{"hold.released", true, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor)}, nil, nil},
		{"hold.expired", true, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor)}, nil, nil},
		{"order.refunded", true, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor), journal.TermPayee(journaltest.Payee), journal.TermDue(1), journal.TermDue(journaltest.Until)}, nil, []int64{1, journaltest.Until}},
		{"order.viewed", false, nil, []journal.Term{journal.TermViews(journaltest.Order)}, nil, nil},
		{"order.covered", false, []token.AccountID{payer}, []journal.Term{journal.TermVendor(vendor)}, nil, nil},
		{"wallet.funded", true, []token.AccountID{payer}, []journal.Term{journal.TermDeposits(payer)}, nil, nil},
		{"incentive.granted", true, []token.AccountID{payer, issuer}, []journal.Term{journal.TermDue(journaltest.Until)}, []token.AccountID{payer}, []int64{journaltest.Until}},
		{"incentive.lapsed", true, []token.AccountID{payer, issuer}, nil, []token.AccountID{payer}, nil},
		{"wallet.transferred", true, []token.AccountID{payer, receiver}, nil, nil, nil},
		{"limit.set", false, []token.AccountID{payer}, nil, nil, nil},
		{"limit.removed", false, []token.AccountID{payer}, nil, nil, nil},
		{"allowance.granted", false, []token.AccountID{payer}, nil, nil, nil},
		{"allowance.revoked", false, []token.AccountID{payer}, nil, nil, nil},
		{"approval.set", false, []token.AccountID{payer}, nil, nil, nil},
		{"credit.set", false, []token.AccountID{payer}, nil, nil, nil},
		{"account.standing", false, []token.AccountID{payer}, nil, nil, nil},
		{"incentive.bound", false, []token.AccountID{journal.AllIssuers, issuer}, nil, []token.AccountID{journal.AllIssuers}, nil},
		{"approval.asked", false, []token.AccountID{journal.Approvals}, []journal.Term{journal.TermDue(journaltest.Until)}, nil, []int64{journaltest.Until}},
		{"approval.given", false, []token.AccountID{journal.Approvals}, nil, nil, nil},
		{"approval.refused", false, []token.AccountID{journal.Approvals}, nil, nil, nil},
		{"approval.lapsed", false, []token.AccountID{journal.Approvals}, nil, nil, nil},
		{"approval.policy", false, []token.AccountID{journal.Approvals}, nil, nil, nil},
	}
	samples, all := journaltest.Samples(), journal.Kinds()
	if len(samples) != len(all) || len(want) != len(all) {
		t.Fatalf("%d kinds, %d samples, %d expectations", len(all), len(samples), len(want))
	}
	for i, e := range samples {
		w := want[i]
		if w.owners == nil {
			w.owners = w.accounts
		}
		if e.Kind != all[i] || e.Kind.String() != w.name || e.Kind.Moves() != w.moves || e.Kind.Tells() == "" {
			t.Errorf("sample %d is of kind %v, %v; want %v, %s", i, e.Kind, e.Kind.Moves(), all[i], w.name)
		}
		if got := e.Payers(nil); !slices.Equal(got, w.accounts) {
			t.Errorf("%s changes accounts %v, want %v", w.name, got, w.accounts)
		}
		var owed []token.AccountID
		if slices.Contains(w.terms, journal.TermPayee(journaltest.Payee)) {
			owed = append(owed, journal.OwnerAccount(vendor))
		}
		if w.moves {
			owed = append(owed, journal.Provider)
		}
		if got := e.Accounts(nil); !slices.Equal(got, slices.Concat(w.accounts, owed)) {
			t.Errorf("%s changes accounts %v, want %v and %v", w.name, got, w.accounts, owed)
		}
		if got := e.Owners(nil); !slices.Equal(got, w.owners) {
			t.Errorf("%s is found by accounts %v, want %v", w.name, got, w.owners)
		}
		if !slices.Equal(e.Due(nil), w.due) {
			t.Errorf("%s falls due at %d, want %d", w.name, e.Due(nil), w.due)
		}
		if e.Kind.Moves() != (len(e.Legs) > 0) {
			t.Errorf("the sample of %s has %d legs", w.name, len(e.Legs))
		}
		expected := slices.Clone(w.terms)
		if e.Kind != journal.Viewed {
			if !e.Order.IsZero() {
				expected = append(expected, journal.TermOrder(e.Order))
			}
			for _, id := range w.owners {
				expected = append(expected, journal.TermAccount(id))
			}
		}
		if !e.Key.IsZero() {
			expected = append(expected, journal.TermKey(e.Key.Name()))
		}
		got := e.Terms(nil)
		slices.Sort(got)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Errorf("%s is found by %x, want %x", w.name, got, expected)
		}
		checkPart(t, e)
	}
}

// Whoever has a row of the chart to which an entry posts is owed by it, once, but for payers; the
// provider by all but tests.
func TestOwed(t *testing.T) {
	usd, vendor, payee, campaign := token.MustCurrency("USD"), [16]byte{3}, [16]byte{4}, [16]byte{5}
	leg := func(code ledger.Code, owner [16]byte, class token.Class) ledger.Leg {
		return ledger.Leg{Account: ledger.Account{Code: code, Owner: owner, Currency: usd, Class: class}, Amount: 1}
	}
	gift := token.Class{Kind: token.Incentive, Campaign: campaign}
	e := &journal.Entry{Kind: journal.Purchased, Account: journaltest.Payer, Vendor: vendor, Sale: &journal.Sale{}, Legs: []ledger.Leg{
		leg(ledger.Wallet, journaltest.Payer, token.PurchasedClass), leg(ledger.VendorPayable, vendor, token.PurchasedClass), leg(ledger.Fee, [16]byte{}, token.PurchasedClass),
		leg(ledger.PayeePayable, payee, token.PurchasedClass), leg(ledger.PayeePayable, payee, token.PurchasedClass), leg(ledger.IncentiveIssued, campaign, gift)}}
	want := []token.AccountID{journal.OwnerAccount(vendor), journal.OwnerAccount(payee), journal.OwnerAccount(campaign), journal.Provider}
	if got := e.Owed(nil); !slices.Equal(got, want) {
		t.Errorf("owed are %v, want %v", got, want)
	}
	for i := range e.Legs {
		e.Legs[i].Account.Class = token.TestClass
	}
	if got := e.Owed(nil); !slices.Equal(got, want[:3]) {
		t.Errorf("by a test owed are %v, want %v", got, want[:3])
	}
	e.Legs = nil
	if got := e.Owed(nil); !slices.Equal(got, want[:1]) {
		t.Errorf("by a sale without legs owed are %v, want %v", got, want[:1])
	}
	if fund := (&journal.Entry{Kind: journal.Funded, Fund: &journal.Fund{Test: true}}); fund.PaysIn() {
		t.Error("test money is among the deposits")
	}
	for _, id := range want {
		if id == journal.AllIssuers || journal.IsIssuerAccount(id) {
			t.Errorf("%v is an issuer's account", id)
		}
	}
}

func owned() journal.Term {
	return journal.TermItem(journal.ItemKey{Account: journaltest.Payer, Vendor: journaltest.Vendor, Item: journaltest.Item})
}

// checkPart: an entry is complete, and is not without the parts that it is about.
func checkPart(t *testing.T, e *journal.Entry) {
	t.Helper()
	if !e.Complete() {
		t.Errorf("the sample of %s is not complete", e.Kind)
	}
	bare := &journal.Entry{Kind: e.Kind, Order: e.Order, Account: e.Account, User: e.User, Vendor: e.Vendor}
	hasParts := !reflect.DeepEqual(bare, &journal.Entry{Kind: e.Kind, Order: e.Order, Account: e.Account, User: e.User, Vendor: e.Vendor, Opened: e.Opened,
		Sale: e.Sale, Refund: e.Refund, Fund: e.Fund, Grant: e.Grant, Limit: e.Limit, Allowance: e.Allowance, Approval: e.Approval, Credit: e.Credit, Back: e.Back, Bound: e.Bound, Parts: e.Parts})
	if hasParts == bare.Complete() {
		t.Errorf("%s without its part counts as complete: %v", e.Kind, bare.Complete())
	}
}

// Kinds that do not exist have no name and are found by nothing of their own.
func TestUnknownKinds(t *testing.T) {
	for _, k := range []journal.Kind{0, 14, 19, 28, 200, 255} {
		if k.Known() || k.String() != "unknown" || k.Moves() {
			t.Errorf("kind %d is %q", k, k)
		}
		if got := (&journal.Entry{Kind: k}).Terms(nil); len(got) != 0 {
			t.Errorf("kind %d is found by %x", k, got)
		}
	}
}

// The keys of an entry's parts take one byte each, up to 23, and none is given twice.
func TestKeysOfPartsTakeOneByte(t *testing.T) {
	for _, of := range []any{journal.Entry{}, journal.Parts{}} {
		used := map[string]string{}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
			key, _, _ := strings.Cut(field.Tag.Get("cbor"), ",")
			if key == "-" {
				continue
			}
			if n, err := strconv.Atoi(key); err != nil || n < 1 || n > 23 || used[key] != "" {
				t.Errorf("%T.%s has the key %q, which %q has", of, field.Name, key, used[key])
			}
			used[key] = field.Name
		}
	}
}

// docs/kinds.md shows the table as it is. Run with FARTHING_WRITE_DOCS=1 to write it anew.
func TestTheTableInTheDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Kinds of entries\n\nMade from `domain/journal/kinds.go` by its test; [adding a kind](adding-a-kind.md) says how one is added.\n\n")
	b.WriteString("| Number | Name | Tells | Moves tokens | Found by | Falls due |\n|---|---|---|---|---|---|\n")
	for _, e := range journaltest.Samples() {
		found := []string{}
		if !e.Order.IsZero() {
			found = append(found, "order")
		}
		switch n := len(e.Owners(nil)); {
		case n > 1 && e.Kind == journal.Transferred:
			found = append(found, "both accounts")
		case n > 0:
			found = append(found, "account")
		}
		if e.Kind.Vendor() {
			found = append(found, "vendor")
		}
		if e.Kind.Royalties() {
			found = append(found, "payees")
		}
		if _, ok := e.ItemKey(); ok {
			found = append(found, "item")
		}
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s | %s |\n", e.Kind, e.Kind, e.Kind.Tells(), yes(e.Kind.Moves()), strings.Join(found, ", "), yes(len(e.Due(nil)) > 0))
	}
	const path = "../../docs/kinds.md"
	if os.Getenv("FARTHING_WRITE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != b.String() {
		t.Errorf("%s is not what the table says (%v); FARTHING_WRITE_DOCS=1 go test ./domain/journal writes it", path, err)
	}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}
