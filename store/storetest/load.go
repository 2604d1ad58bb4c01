package storetest

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Load is a world of readers, each with a wallet and an allowance, who buy a new item
// each time: what benchmarks run.
type Load struct {
	engine   *store.Engine
	accounts int
	clock    token.Clock
	maker    *token.Maker
	serial   atomic.Uint64
}

// NewLoad makes a Load of so many accounts; bought is how many items were bought in
// it before.
func NewLoad(e *store.Engine, clock token.Clock, accounts int, bought uint64) *Load {
	l := &Load{engine: e, accounts: accounts, clock: clock, maker: token.NewMaker(clock, nil)}
	l.serial.Store(bought)
	return l
}

// ID makes an id of any kind from a number. Numbers that differ give ids that differ.
func ID(kind byte, n uint64) (id [16]byte) {
	id[0] = kind
	binary.BigEndian.PutUint64(id[8:], n*0x9E3779B97F4A7C15)
	return id
}

// Fill funds every account and gives each an allowance.
func (l *Load) Fill(ctx context.Context, callers int) error {
	var next atomic.Int64
	return each(callers, func() error {
		for n := next.Add(1) - 1; n < int64(l.accounts); n = next.Add(1) - 1 {
			if err := l.fill(ctx, uint64(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *Load) fill(ctx context.Context, n uint64) error {
	account, user, reference := token.AccountID(ID('a', n)), token.UserID(ID('u', n)), strconv.FormatUint(n, 10)
	_, err := l.engine.Do(ctx, &core.Fund{Account: account, User: user,
		Fund: journal.Fund{Amount: 1000 * token.PerUnit, Currency: token.MustCurrency("USD"), Method: "card", Reference: reference}})
	if err != nil {
		return err
	}
	_, err = l.engine.Do(ctx, allow(n, token.NewID[token.AllowanceKind](l.maker), l.clock.Now().AddDate(1, 0, 0).UnixMilli()))
	return err
}

// allow is a command by which account n permits what charge charges.
func allow(n uint64, id token.AllowanceID, until int64) *core.Permit {
	return &core.Permit{Account: ID('a', n), User: ID('u', n), GiveAllowance: &limit.Allowance{
		ID: id, User: ID('u', n), Vendor: ID('v', 1), Currency: token.MustCurrency("USD"),
		PerPurchase: token.PerUnit, Period: limit.Month, Max: 1000 * token.PerUnit, Until: until}}
}

// Buy makes one purchase of a new item by a random account.
func (l *Load) Buy(ctx context.Context) error {
	_, err := l.engine.Do(ctx, charge(rand.Uint64N(uint64(l.accounts)), token.NewID[token.OrderKind](l.maker), ID('i', l.serial.Add(1))))
	return err
}

// charge is a command that charges account n for an item, under its allowance.
func charge(n uint64, order token.OrderID, item journal.ItemHash) *core.Charge {
	return &core.Charge{
		ID: order, Account: ID('a', n), User: ID('u', n), Vendor: ID('v', 1), Item: item,
		Key: journal.Key{Scope: ID('v', 1), Hash: order},
		Sale: journal.Sale{Price: 100_000, Currency: token.MustCurrency("USD"), Offer: ID('o', 1), OfferVer: 1,
			Rule: journal.Rule{Version: 1, Fee: royalty.FeeRule{PPM: 50_000}, Split: ID('s', 1)}},
		Split: royalty.Split{ID: ID('s', 1), Version: 1, Shares: []royalty.Share{{Payee: ID('p', 1), PPM: 100_000}}},
	}
}

// Run lets callers make n purchases, and returns how long each took, sorted.
func (l *Load) Run(ctx context.Context, callers, n int) ([]time.Duration, error) {
	var next atomic.Int64
	took := make([]time.Duration, n)
	err := each(callers, func() error {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			begun := time.Now()
			if err := l.Buy(ctx); err != nil {
				return err
			}
			took[i] = time.Since(begun)
		}
		return nil
	})
	slices.Sort(took)
	return took, err
}

// each runs work in so many goroutines and returns the first error.
func each(callers int, work func() error) error {
	errs := make([]error, callers)
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() { errs[i] = work() })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
