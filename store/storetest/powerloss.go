package storetest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Life is one life of a server whose power may fail at any time. What it
// acknowledged is remembered, and looked for in the next life.
type Life struct {
	Acknowledged map[journal.KeyName]uint64 // the entry's number
	clock        *clock
	serial       uint64
}

// NewLife returns a Life that has acknowledged nothing.
func NewLife() *Life {
	l := &Life{Acknowledged: map[journal.KeyName]uint64{}, clock: &clock{}}
	l.clock.millis.Store(1_700_000_000_000)
	return l
}

// Live opens an engine on the database and puts money into wallets until the power
// fails or so many commands are done. It returns an error only where the engine cannot
// be opened.
func (l *Life) Live(db store.Database, commands int) error {
	ctx := context.Background()
	e, err := store.OpenEngine(ctx, db, l.clock, slog.New(slog.DiscardHandler), small)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failed := each(6, func() error {
		for {
			mu.Lock()
			l.serial++
			n := l.serial
			commands--
			left := commands
			mu.Unlock()
			if left < 0 {
				return nil
			}
			cmd := &core.Fund{Account: payer(n % 37),
				Fund: journal.Fund{Amount: 10_000, Currency: token.MustCurrency("USD"), Method: "card", Reference: fmt.Sprint(n)}}
			out, err := e.Do(ctx, cmd)
			if err != nil {
				return err
			}
			mu.Lock()
			l.Acknowledged[out.Entry.Key.Name()] = out.Entry.Seq
			mu.Unlock()
		}
	})
	if failed == nil {
		failed = e.Flush(ctx)
	}
	_ = e.Close(ctx) // fails where the power has failed
	return nil
}

// Check reads the journal of the next life. It returns how many acknowledged entries
// are lost, and an error where the chain is broken or what is derived from the
// journal does not agree with it.
func (l *Life) Check(db store.Database) (lost int, err error) {
	ctx := context.Background()
	e, err := store.OpenEngine(ctx, db, l.clock, slog.New(slog.DiscardHandler), small)
	if err != nil {
		return 0, err
	}
	defer func() { _ = e.Close(ctx) }()
	found := map[journal.KeyName]uint64{}
	state := core.NewState()
	head := journal.Head{}
	err = e.Blocks(ctx, 1, func(b *journal.Block) error {
		if b.First != head.Seq+1 || b.Prev != head.Hash || b.Sum() != b.Hash {
			return fmt.Errorf("block %d does not follow entry %d", b.First, head.Seq)
		}
		head = b.Head()
		entries, err := b.Entries()
		for _, entry := range entries {
			found[entry.Key.Name()] = entry.Seq
			for _, id := range entry.Payers(nil) {
				if state.Accounts[id] == nil {
					state.Accounts[id] = &core.Account{ID: id}
				}
			}
			state.Apply(entry)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for name, seq := range l.Acknowledged {
		if found[name] != seq {
			lost++
		}
	}
	for id, replayed := range state.Accounts {
		stored, err := e.Account(ctx, id)
		if err != nil {
			return lost, err
		}
		a, err := journal.Marshal(replayed)
		if err != nil {
			return lost, err
		}
		b, err := journal.Marshal(stored)
		if err != nil {
			return lost, err
		}
		if !bytes.Equal(a, b) {
			return lost, fmt.Errorf("account %s: replayed %+v, stored %+v", id, replayed, stored)
		}
	}
	for name, seq := range found {
		entries, err := e.Find(ctx, journal.TermKey(name), nil, 0, 2)
		if err != nil {
			return lost, err
		}
		if len(entries) != 1 || entries[0].Seq != seq {
			return lost, fmt.Errorf("key of entry %d: found %d entries", seq, len(entries))
		}
	}
	l.serial += 1000 // keys that were not answered are not used again
	return lost, nil
}
