package bench

import (
	"fmt"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// decideAccounts bounds how many accounts the state holds in this measurement: as
// many as an engine keeps at hand.
const decideAccounts = 20_000

// Decide measures the pure core alone on one thread, without journal and disk:
// deciding, and where apply is set also bringing the state up to date.
func Decide(w *Workload, lasting time.Duration, apply bool) (Sample, error) {
	small := NewWorkload(w.Seed, min(w.Accounts, decideAccounts), w.Vendors, w.Offers)
	state := core.NewState()
	now := int64(epochMillis)
	run := func(c core.Command) (core.Outcome, error) { return core.Run(state, c, now) }
	for reader := range small.Accounts {
		account := &core.Account{ID: small.Account(reader)}
		state.Accounts[account.ID] = account
		if err := small.open(reader, run); err != nil {
			return Sample{}, fmt.Errorf("open account %d: %w", reader, err)
		}
	}
	// The maps of the batch at hand are small, as an engine keeps them.
	state.Orders, state.Keys, state.Items = map[token.OrderID]*core.Order{}, map[journal.KeyName]*journal.Entry{}, map[journal.ItemKey]token.OrderID{}
	const batch = 256
	charges := make([]*core.Charge, 0, 4*batch)
	shopper := small.Shopper(1, 0)
	var sample Sample
	for made := uint64(0); sample.Elapsed < lasting; {
		charges = charges[:0] // what the application prepares is not measured
		for range cap(charges) {
			made++
			p := shopper.Next()
			charges = append(charges, small.Charge(p, makeID[token.OrderKind](small, 'r', made, 0)))
		}
		begun, cpu := time.Now(), cpuTime()
		for i, c := range charges {
			if i%batch == 0 {
				clear(state.Orders)
				clear(state.Keys)
				clear(state.Items)
			}
			var err error
			if apply {
				_, err = run(c)
			} else {
				_, err = c.Decide(state, now)
			}
			if err != nil {
				return Sample{}, fmt.Errorf("decide: %w", err)
			}
		}
		sample.Count += uint64(len(charges))
		sample.Elapsed += time.Since(begun)
		sample.CPU += cpuTime() - cpu
	}
	return sample, nil
}

// open runs the commands that fund a reader's account and give her permissions.
func (w *Workload) open(reader int, run func(core.Command) (core.Outcome, error)) error {
	out, err := run(w.Fund(reader))
	if err != nil {
		return err
	}
	if reader >= w.buyers() {
		return nil
	}
	for _, vendor := range w.Favourites(reader) {
		if out, err = run(w.Allowance(reader, vendor)); err != nil {
			return err
		}
	}
	if permit := w.Limit(reader, out.Entry.Seq); permit != nil {
		_, err = run(permit)
	}
	return err
}
