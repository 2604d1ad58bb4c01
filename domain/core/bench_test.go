package core_test

import (
	"encoding/binary"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// id makes the n-th id of a kind, the same in every run.
func id[K token.Kind](n uint64) token.ID[K] {
	var id token.ID[K]
	binary.BigEndian.PutUint64(id[0:], 1_700_000_000_000<<16)
	binary.BigEndian.PutUint64(id[8:], n*0x9E3779B97F4A7C15)
	return id
}

// BenchmarkDecide measures deciding purchases by allowance: key, item, allowance,
// limit, wallet, a split between two payees, legs. BenchmarkRun applies each entry to
// the account and the new order besides. 10,000 accounts; batches of 256, after each
// of which the state is cleared as the store does it.
func BenchmarkDecide(b *testing.B) {
	benchmark(b, func(s *core.State, c *core.Charge) error {
		_, err := c.Decide(s, 2000)
		return err
	})
}

// BenchmarkRun measures all that the store does for a purchase before it writes.
func BenchmarkRun(b *testing.B) {
	benchmark(b, func(s *core.State, c *core.Charge) error {
		_, err := core.Run(s, c, 2000)
		return err
	})
}

// BenchmarkRefusal measures deciding a purchase that the wallet is too short for.
func BenchmarkRefusal(b *testing.B) {
	usd, vendor, user := token.MustCurrency("USD"), id[token.VendorKind](7), id[token.UserKind](1)
	s := core.NewState()
	account := &core.Account{ID: id[token.AccountKind](1)}
	s.Accounts[account.ID] = account
	for _, c := range []core.Command{
		&core.Fund{Account: account.ID, Fund: journal.Fund{Amount: 100_000, Currency: usd, Method: "bank", Reference: "1"}},
		&core.Permit{Account: account.ID, GiveAllowance: &limit.Allowance{
			ID: id[token.AllowanceKind](1), User: user, Vendor: vendor, Currency: usd, PerPurchase: token.PerUnit, Period: limit.Day, Max: token.MaxAmount, Until: 1 << 50}},
	} {
		if _, err := core.Run(s, c, 1000); err != nil {
			b.Fatal(err)
		}
	}
	c := &core.Charge{ID: id[token.OrderKind](1), Account: account.ID, User: user, Vendor: vendor, Sale: journal.Sale{Price: 250_000, Currency: usd}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decide(s, 2000); token.CodeOf(err) != token.CodeFundsMissing {
			b.Fatal(err)
		}
	}
}

func benchmark(b *testing.B, buy func(*core.State, *core.Charge) error) {
	const accounts, batch = 10_000, 256
	usd := token.MustCurrency("USD")
	vendor := id[token.VendorKind](7)
	split := royalty.Split{ID: id[token.SplitKind](1), Version: 1, Shares: []royalty.Share{
		{Payee: id[token.PayeeKind](1), PPM: 400_000},
		{Payee: id[token.PayeeKind](2), PPM: 500_000, Of: 1},
	}}
	s := core.NewState()
	for n := range uint64(accounts) {
		account := &core.Account{ID: id[token.AccountKind](n + 1)}
		s.Accounts[account.ID] = account
		run := func(c core.Command) {
			if _, err := core.Run(s, c, 1000); err != nil {
				b.Fatal(err)
			}
		}
		run(&core.Fund{Account: account.ID, Fund: journal.Fund{Amount: token.MaxAmount / 1000, Currency: usd, Method: "bank", Reference: account.ID.String()}})
		run(&core.Permit{Account: account.ID, AsOf: account.Seq, SetLimit: &limit.Limit{
			ID: id[token.LimitKind](n + 1), Currency: usd, Period: limit.Month, Max: token.MaxAmount}})
		run(&core.Permit{Account: account.ID, GiveAllowance: &limit.Allowance{
			ID: id[token.AllowanceKind](n + 1), User: id[token.UserKind](n + 1), Vendor: vendor, Currency: usd,
			PerPurchase: token.PerUnit, Period: limit.Day, Max: token.MaxAmount, Until: 1 << 50}})
	}
	commands := make([]core.Charge, batch)
	for i := range commands {
		commands[i] = core.Charge{
			Vendor: vendor, Split: split,
			Sale: journal.Sale{Price: 250_000, Currency: usd, Rule: journal.Rule{Split: split.ID, Version: 1, Fee: royalty.FeeRule{PPM: 100_000}}},
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%batch == 0 {
			clear(s.Orders)
			clear(s.Keys)
			clear(s.Items)
		}
		n := uint64(i)
		payer := n*7919%accounts + 1
		c := &commands[i%batch]
		c.ID, c.Account, c.User = id[token.OrderKind](n+1), id[token.AccountKind](payer), id[token.UserKind](payer)
		binary.BigEndian.PutUint64(c.Item[:], n+1)
		binary.BigEndian.PutUint64(c.Key.Hash[:], n*0x9E3779B97F4A7C15+1)
		if err := buy(s, c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "purchases/s")
}
