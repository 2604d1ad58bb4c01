package core_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// payOut is what a payout will be: what an owner is owed goes out by a payment method, and no
// more than that.
type payOut struct {
	from   ledger.Account
	amount token.Amount
}

func (c *payOut) Need(_ *core.State, f *core.Facts) { f.Balance(c.from) }

func (c *payOut) Decide(s *core.State, _ int64) (core.Outcome, error) {
	if err := s.CheckBalance(c.from, c.amount); err != nil {
		return core.Outcome{}, err
	}
	cash := ledger.Account{Code: ledger.Cash, Currency: c.from.Currency, Class: c.from.Class}
	return core.Outcome{Entry: &journal.Entry{Legs: []ledger.Leg{{Account: c.from, Amount: -c.amount}, {Account: cash, Amount: c.amount}}}}, nil
}

func payable(code ledger.Code, owner [16]byte) ledger.Account {
	return ledger.Account{Code: code, Owner: owner, Currency: token.MustCurrency("USD")}
}

// A command takes from an owner what the owner is owed, and is refused where that does not
// suffice.
func TestACommandIsRefusedWhereAnOwnerIsOwedTooLittle(t *testing.T) {
	p := newShop(t, 10_000_000)
	for range 2 {
		p.must(p.pay(p.open(500_000, func(o *journal.Opened) { o.Item.Repeatable = true })))
	}
	publisher, author := id[token.PayeeKind](1), id[token.PayeeKind](2)
	for name, of := range map[string]struct {
		account ledger.Account
		owed    token.Amount
	}{
		"the vendor":     {payable(ledger.VendorPayable, p.vendor), 500_000},
		"the publisher":  {payable(ledger.PayeePayable, publisher), 200_000},
		"the author":     {payable(ledger.PayeePayable, author), 200_000},
		"the fees":       {payable(ledger.Fee, [16]byte{}), 100_000},
		"all payees":     {payable(ledger.PayeePayable, [16]byte{}), 400_000},
		"the payer":      {payable(ledger.Wallet, p.account), 9_000_000},
		"all payers":     {payable(ledger.Wallet, [16]byte{}), 9_000_000},
		"another vendor": {payable(ledger.VendorPayable, id[token.VendorKind](99)), 0},
	} {
		var f core.Facts
		(&payOut{from: of.account}).Need(p.s, &f)
		if a := p.s.Accounts[f.Accounts[0]]; a == nil && of.owed != 0 {
			t.Errorf("%s: the account that is asked for has no entry", name)
		}
		if got := p.s.Balance(of.account); got != of.owed {
			t.Errorf("%s is owed %d, want %d", name, got, of.owed)
		}
		p.refused(&payOut{of.account, of.owed + 1}, token.CodeFundsMissing)
	}
	p.must(&payOut{payable(ledger.VendorPayable, p.vendor), 400_000})
	p.refused(&payOut{payable(ledger.VendorPayable, p.vendor), 100_001}, token.CodeFundsMissing)
	p.must(&payOut{payable(ledger.VendorPayable, p.vendor), 100_000})
}

// No balance overflows: what would make one is refused, and changes nothing.
func TestABalanceHasABound(t *testing.T) {
	p := newShop(t, 1_000_000)
	of := payable(ledger.Fee, [16]byte{})
	p.must(&payOut{of, -(1<<62 - 1_000_000)}) // beside the million that came in
	before := p.s.Accounts[journal.Provider].Clone()
	p.refused(&payOut{of, -1}, token.CodeOverflow)
	if after := p.s.Accounts[journal.Provider]; !slices.Equal(before.Balances, after.Balances) || before.Seq != after.Seq {
		t.Errorf("what was refused changed %+v into %+v", before, after)
	}
	p.must(&payOut{of, 1_000_000})
}

// few keeps a few accounts in memory, the others encoded, as a store does.
type few struct {
	*core.State
	stored map[token.AccountID][]byte
}

// load brings accounts into memory.
func (f *few) load(ids []token.AccountID) {
	for _, id := range ids {
		if f.Accounts[id] == nil {
			a := &core.Account{ID: id}
			if encoded := f.stored[id]; encoded != nil {
				*a = core.Account{}
				if err := a.ReadSnapshot(encoded); err != nil {
					panic(err)
				}
			}
			f.Accounts[id] = a
		}
	}
}

// evict writes an account out.
func (f *few) evict(id token.AccountID) {
	f.stored[id] = f.Accounts[id].AppendSnapshot(nil)
	delete(f.Accounts, id)
}

// run does what a store does, with nothing in memory but what is asked for.
func (f *few) run(c core.Command, now int64) (core.Outcome, error) {
	for range 4 {
		var facts core.Facts
		c.Need(f.State, &facts)
		f.load(facts.Accounts)
	}
	out, err := core.Run(f.State, c, now)
	if errors.Is(err, core.ErrAbsent) {
		f.load(f.Absent)
		out, err = core.Run(f.State, c, now)
	}
	return out, err
}

// After any history, of which most was not in memory most of the time, every owner is owed what
// the auditor's books say.
func TestOwnersAreOwedWhatTheAuditorSays(t *testing.T) {
	usd := []token.Currency{token.MustCurrency("USD"), token.MustCurrency("EUR")}
	rapid.Check(t, func(t *rapid.T) {
		f := &few{core.NewState(), map[token.AccountID][]byte{}}
		f.Partial = true
		var entries []*journal.Entry
		var orders []*core.Order
		now, made := 20_000*day, uint64(0)
		do := func(c core.Command) {
			now += second
			out, err := f.run(c, now)
			if err == nil && out.Entry != nil && !out.Replayed {
				entries = append(entries, out.Entry)
			}
			if err == nil && out.Order != nil && out.Entry != nil && (out.Entry.Kind == journal.Purchased || out.Entry.Kind == journal.HoldPlaced) {
				orders = append(orders, out.Order)
			}
			if err != nil && (errors.Is(err, core.ErrAbsent) || token.CodeOf(err) == token.CodeInternal) {
				t.Fatalf("%T: %v", c, err)
			}
		}
		key := func() journal.Key {
			made++
			return journal.Key{Scope: id[token.VendorKind](9), Hash: id[token.KeyKind](made)}
		}
		pick := func(of string, n int) uint64 { return uint64(rapid.IntRange(1, n).Draw(t, of)) }
		account := func() token.AccountID { return id[token.AccountKind](100 + pick("account", 3)) }
		vendor := func() token.VendorID { return id[token.VendorKind](200 + pick("vendor", 3)) }
		amount := func() token.Amount { return token.Amount(rapid.Int64Range(1, 3_000_000).Draw(t, "amount")) }
		split := func(n uint64) royalty.Split {
			return royalty.Split{ID: id[token.SplitKind](n), Version: 1, Shares: []royalty.Share{
				{Payee: id[token.PayeeKind](300 + n), PPM: 400_000}, {Payee: id[token.PayeeKind](301 + n), PPM: 500_000, Of: 1}}}
		}
		rule := func(s royalty.Split) journal.Rule {
			return journal.Rule{Split: s.ID, Version: 1, Fee: royalty.FeeRule{PPM: rapid.SampledFrom([]int64{0, 100_000, 1_000_000}).Draw(t, "fee")}}
		}
		do(&core.BoundIncentives{Max: token.PerUnit})
		for range rapid.IntRange(20, 120).Draw(t, "steps") {
			currency := rapid.SampledFrom(usd).Draw(t, "currency")
			test := rapid.IntRange(0, 4).Draw(t, "test") == 0
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0:
				made++
				fund := journal.Fund{Amount: 10 * amount(), Currency: currency, Test: test}
				if !test {
					fund.Method, fund.Reference = "bank", id[token.KeyKind](made).String()
				}
				do(&core.Fund{Account: account(), Fund: fund})
			case 1, 2:
				s := split(pick("split", 4))
				made++
				order, by := id[token.OrderKind](made), vendor()
				manual := rapid.Bool().Draw(t, "hold")
				opened := journal.Opened{Price: amount(), Currency: currency, Rule: rule(s), ExpiresAt: now + hour, Manual: manual, Test: test, Item: journal.Item{SKU: "item", Repeatable: true}}
				if !test {
					opened.Item.Campaigns = []token.CampaignID{id[token.CampaignKind](401), id[token.CampaignKind](402)}
				}
				do(&core.OpenOrder{ID: order, Vendor: by, Opened: opened, Key: key()})
				do(&core.Pay{Order: order, Account: account(), User: id[token.UserKind](1), Quoted: opened.Price, Split: s,
					Consent: journal.Consent{Method: journal.ByClick, Login: now, Until: now + hour}})
			case 3, 4:
				if len(orders) == 0 {
					continue
				}
				o := orders[rapid.IntRange(0, len(orders)-1).Draw(t, "order")]
				part := token.Amount(rapid.Int64Range(0, int64(o.Price)).Draw(t, "part"))
				switch {
				case f.Orders[o.ID].Status == core.Paid:
					do(&core.Refund{Order: o.ID, Vendor: o.Vendor, Amount: part, Key: key()})
				case rapid.Bool().Draw(t, "release"):
					do(&core.Release{Order: o.ID, Vendor: o.Vendor, Key: key()})
				default:
					s := split(1)
					for n := range uint64(5) {
						if split(n).ID == o.Rule.Split {
							s = split(n)
						}
					}
					do(&core.Capture{Order: o.ID, Vendor: o.Vendor, Amount: part, Split: s, Key: key()})
				}
			case 5:
				g := journal.Grant{Campaign: id[token.CampaignKind](400 + pick("campaign", 2)), Amount: amount() / 10, Currency: currency}
				if g.Campaign == id[token.CampaignKind](401) {
					g.Issuer = vendor()
				}
				do(&core.Grant{Account: account(), Key: key(), Grant: g})
			case 6:
				c := &core.Transfer{From: account(), Key: key()}
				c.Transfer = journal.Transfer{To: account(), Amount: amount(), Currency: currency}
				do(c)
			case 7:
				var ids []token.AccountID
				for id := range f.Accounts {
					ids = append(ids, id)
				}
				slices.SortFunc(ids, token.AccountID.Compare)
				for _, id := range ids {
					if rapid.Bool().Draw(t, "evict") {
						f.evict(id)
					}
				}
			}
		}
		a := audit.New(func(token.SplitID, uint32) (royalty.Split, bool) { return royalty.Split{}, false })
		a.SnapshotsTo(uint64(len(entries)))
		for id := range f.Accounts {
			f.evict(id)
		}
		sums := map[ledger.Account]token.Amount{}
		for id := range f.stored {
			f.load([]token.AccountID{id})
			account := f.Accounts[id]
			s := audit.Snapshot{Account: id, Seq: account.Seq}
			for _, b := range account.Balances {
				s.Owed = append(s.Owed, ledger.Leg{Account: ledger.Account{Code: b.Code, Currency: b.Currency, Class: b.Class}, Amount: b.Amount})
				if id == journal.Provider {
					sums[ledger.Account{Currency: b.Currency, Class: b.Class}] += b.Amount
				}
			}
			for _, t := range account.Sales {
				s.Sales = append(s.Sales, audit.Turnover{Currency: t.Currency, Sold: t.Sold, Sales: t.Sales, Refunded: t.Refunded, Refunds: t.Refunds})
			}
			if len(s.Owed)+len(s.Sales) > 0 {
				a.Snapshot(s)
			}
		}
		for of, sum := range sums {
			if sum != 0 {
				t.Errorf("all balances in %s %s sum to %d", of.Currency, of.Class.Kind, sum)
			}
		}
		block, err := journal.Seal(journal.Head{}, now, entries)
		if err != nil {
			t.Fatal(err)
		}
		a.Block(block)
		report := a.Report()
		if check := report.Checks[audit.OwnerBalances-1]; len(check.Faults) > 0 || check.Rows == 0 && len(entries) > 20 {
			t.Fatalf("after %d entries, %d rows: %q", len(entries), check.Rows, check.Faults)
		}
	})
}
