package app_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// BenchmarkCreatePurchase measures a purchase on an engine that decides and keeps its
// entries in memory: what is left is the application's own work and the core's.
// BenchmarkCharge is the core's part of it.
func BenchmarkCreatePurchase(b *testing.B) {
	h, s, in := warm(b)
	for i := range b.N {
		if _, _, err := h.CreatePurchase(b.Context(), s, in, strconv.Itoa(i), []byte("body")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCharge measures what the engine of BenchmarkCreatePurchase does.
func BenchmarkCharge(b *testing.B) {
	h, s, in := warm(b)
	ids := token.NewMaker(h.Clock, nil)
	for i := range b.N {
		_, err := h.Deps.Engine.Do(b.Context(), &core.Charge{
			ID: token.NewID[token.OrderKind](ids), Account: h.reader.Account, User: h.reader.User, Vendor: s.Vendor,
			Sale: journal.Sale{Price: 1, Currency: usd, Offer: in.Offer}, Key: journal.NewKey(s.Vendor, "charge", strconv.Itoa(i), nil),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// warm makes a house in which one reader may buy one offer again and again.
func warm(b *testing.B) (*house, caller.Seller, selling.PurchaseInput) {
	b.Helper()
	h := open(b, func(d *app.Deps) { d.Engine = newPaper(d.Clock) })
	h.fund(h.reader, usd, "1000000000")
	split := h.split(h.live, "half")
	offer, _, err := h.CreateOffer(b.Context(), h.live, offering.OfferInput{
		Item: journal.Item{Title: "A call", Repeatable: true, Terms: entitlement.Terms{Times: 1}}, Price: 1, Currency: usd, Split: split.ID,
	}, h.key(), nil)
	must(b, err)
	must(b, h.GiveAllowance(b.Context(), h.reader, buying.AllowanceInput{
		Vendor: h.vendor.ID, Currency: usd, PerPurchase: 1, Period: limit.Month, Max: token.MaxAmount, Days: 1,
	}))
	in := selling.PurchaseInput{Reader: h.pseudonym(h.reader, h.live), Offer: offer.ID}
	_, _, err = h.CreatePurchase(b.Context(), h.live, in, h.key(), nil)
	must(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	return h, h.live, in
}

// paper is an engine that keeps its journal in memory, to measure what is around it.
type paper struct {
	clock token.Clock

	mu      sync.Mutex
	state   *core.State
	entries []*journal.Entry
}

// Blocks finds none.
func (p *paper) Blocks(context.Context, uint64, func(*journal.Block) error) error { return nil }

var _ app.Engine = (*paper)(nil)

func newPaper(clock token.Clock) *paper { return &paper{clock: clock, state: core.NewState()} }

func (p *paper) Do(_ context.Context, command core.Command) (core.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range 3 {
		var facts core.Facts
		command.Need(p.state, &facts)
		for _, id := range facts.Accounts {
			p.account(id)
		}
	}
	out, err := core.Run(p.state, command, p.clock.Now().UnixMilli())
	if err == nil && out.Entry != nil && !out.Replayed {
		p.entries = append(p.entries, out.Entry)
	}
	return out, err
}

func (p *paper) account(id token.AccountID) *core.Account {
	if p.state.Accounts[id] == nil {
		p.state.Accounts[id] = &core.Account{ID: id}
	}
	return p.state.Accounts[id]
}

func (p *paper) Account(_ context.Context, id token.AccountID) (*core.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.account(id).Clone(), nil
}

func (p *paper) Owner(ctx context.Context, owner [16]byte) (*core.Account, error) {
	return p.Account(ctx, journal.OwnerAccount(owner))
}

func (p *paper) Order(_ context.Context, id token.OrderID) (*core.Order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	order := p.state.Orders[id]
	if order == nil {
		return nil, token.Refuse(token.NotFound, "not_found.order")
	}
	return order, nil
}

func (p *paper) Find(_ context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []*journal.Entry
	for i := len(p.entries) - 1; i >= 0 && len(found) < limit; i-- {
		e := p.entries[i]
		if (before == 0 || e.Seq < before) && slices.Contains(e.Terms(nil), term) && match(e) {
			found = append(found, e)
		}
	}
	return found, nil
}
