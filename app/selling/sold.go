package selling

import (
	"context"
	"sync/atomic"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Counter is the engine, and counts what is sold through it.
type Counter struct {
	Engine
	sold map[token.Currency]*sold // never changes
}

type sold struct{ count, value atomic.Int64 }

func CountSales(e Engine, currencies []token.Currency) *Counter {
	s := &Counter{Engine: e, sold: map[token.Currency]*sold{}}
	for _, currency := range currencies {
		s.sold[currency] = &sold{}
	}
	return s
}

// Do runs a command, and counts the sale that it made.
func (s *Counter) Do(ctx context.Context, command core.Command) (core.Outcome, error) {
	out, err := s.Engine.Do(ctx, command)
	if e := out.Entry; err == nil && e != nil && !out.Replayed && (e.Kind == journal.Purchased || e.Kind == journal.Captured) && !e.Sale.Test {
		if of := s.sold[e.Sale.Currency]; of != nil {
			of.count.Add(1)
			of.value.Add(int64(e.Sale.Price))
		}
	}
	return out, err
}

// Sold returns how many purchases and captures this process made in a currency, without
// those of sandboxes, and what they came to.
func (s *Counter) Sold(currency token.Currency) (count int64, value token.Amount) {
	if of := s.sold[currency]; of != nil {
		return of.count.Load(), token.Amount(of.value.Load())
	}
	return 0, 0
}
