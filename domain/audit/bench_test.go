package audit_test

import (
	"context"
	"encoding/binary"
	"runtime"
	"testing"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// number makes the n-th id of a kind.
func number[K token.Kind](n uint64) (id token.ID[K]) {
	binary.BigEndian.PutUint64(id[0:], 1_700_000_000_000<<16)
	binary.BigEndian.PutUint64(id[8:], n*0x9E3779B97F4A7C15)
	return id
}

// shop makes purchases by allowance: blocks of 256, each by another of many accounts.
type shop struct {
	state *core.State
	split royalty.Split
	head  journal.Head
	made  uint64
}

const accounts = 100_000

func (s *shop) block(b *testing.B, size int, command func(n uint64) core.Command) *journal.Block {
	entries := make([]*journal.Entry, size)
	for i := range entries {
		s.made++
		out, err := core.Run(s.state, command(s.made), 1_700_000_000_000)
		if err != nil {
			b.Fatal(err)
		}
		entries[i] = out.Entry
	}
	block, err := journal.Seal(s.head, 1_700_000_000_000, entries)
	if err != nil {
		b.Fatal(err)
	}
	s.head = block.Head()
	clear(s.state.Orders)
	clear(s.state.Keys)
	return block
}

func (s *shop) open(b *testing.B, a *audit.Auditor) {
	usd := token.MustCurrency("USD")
	for n := range uint64(accounts) {
		id := number[token.AccountKind](n)
		s.state.Accounts[id] = &core.Account{ID: id}
	}
	s.made = 0
	for range accounts / 500 {
		a.Block(s.block(b, 500, func(n uint64) core.Command {
			return &core.Fund{Account: number[token.AccountKind](n % accounts), Fund: journal.Fund{Amount: token.MaxAmount / 1000, Currency: usd, Method: "bank", Reference: number[token.AccountKind](n % accounts).String()}}
		}))
	}
	for range accounts / 500 {
		a.Block(s.block(b, 500, func(n uint64) core.Command {
			return &core.Permit{Account: number[token.AccountKind](n % accounts), GiveAllowance: &limit.Allowance{ID: number[token.AllowanceKind](n), User: number[token.UserKind](n % accounts),
				Vendor: number[token.VendorKind](1), Currency: usd, PerPurchase: token.PerUnit, Period: limit.Day, Max: token.MaxAmount, Until: 1 << 50}}
		}))
	}
}

func (s *shop) purchase(n uint64) core.Command {
	n *= 7919
	c := &core.Charge{ID: number[token.OrderKind](s.made), Account: number[token.AccountKind](n % accounts), User: number[token.UserKind](n % accounts),
		Vendor: number[token.VendorKind](1), Split: s.split,
		Sale: journal.Sale{Price: 250_000, Currency: token.MustCurrency("USD"), Rule: journal.Rule{Split: s.split.ID, Version: 1, Fee: royalty.FeeRule{PPM: 100_000}}}}
	binary.BigEndian.PutUint64(c.Key.Hash[:], s.made*0x9E3779B97F4A7C15)
	return c
}

// BenchmarkStream measures auditing purchases, taken apart on all processors, and what
// the auditor remembers of each.
func BenchmarkStream(b *testing.B) {
	s := &shop{state: core.NewState(), split: royalty.Split{ID: number[token.SplitKind](1), Version: 1, Shares: []royalty.Share{
		{Payee: number[token.PayeeKind](1), PPM: 400_000}, {Payee: number[token.PayeeKind](2), PPM: 500_000, Of: 1}}}}
	a := audit.New(func(token.SplitID, uint32) (royalty.Split, bool) { return s.split, true })
	s.open(b, a)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var blocks []*journal.Block
	for range max(1, b.N/256) {
		blocks = append(blocks, s.block(b, 256, s.purchase))
	}
	before := heap()
	b.ResetTimer()
	err := a.Stream(context.Background(), func(_ context.Context, fn func(*journal.Block) error) error {
		for _, block := range blocks {
			if err := fn(block); err != nil {
				return err
			}
		}
		return nil
	}, runtime.GOMAXPROCS(0), nil)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	entries := float64(len(blocks) * 256)
	b.ReportMetric(entries/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric((float64(heap())-float64(before))/entries, "heap-B/order")
	runtime.KeepAlive(blocks)
	if report := a.Report(); !report.Clean() {
		b.Fatalf("invariants %v are broken", report.Broken())
	}
}
