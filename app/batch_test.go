package app_test

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// gate is a database that appends when a test lets it.
type gate struct {
	store.Database
	held    atomic.Bool
	arrived chan struct{} // an append that is held
	pass    chan struct{} // lets one go
}

// gated is an engine on a gate, and counts the purchases that are in it.
type gated struct {
	*store.Engine
	gate     gate
	in, most atomic.Int64
}

func (g *gate) Append(ctx context.Context, head journal.Head, missed func([]*journal.Block) error, decide func() (*journal.Block, error)) error {
	if g.held.Load() {
		g.arrived <- struct{}{}
		<-g.pass
	}
	return g.Database.Append(context.WithoutCancel(ctx), head, missed, decide)
}

func (g *gated) Do(ctx context.Context, command core.Command) (core.Outcome, error) {
	if _, charge := command.(*core.Charge); charge {
		in := g.in.Add(1)
		defer g.in.Add(-1)
		for most := g.most.Load(); in > most && !g.most.CompareAndSwap(most, in); most = g.most.Load() {
		}
	}
	return g.Engine.Do(ctx, command)
}

// openGated opens a house on a gated engine, with a reader who may be charged much.
func openGated(t *testing.T) (*house, *gated, func(key string) selling.BatchedPurchase) {
	t.Helper()
	g := &gated{gate: gate{arrived: make(chan struct{}), pass: make(chan struct{})}}
	h := &house{t: t}
	h.Provider = provider.Open(t, slog.New(slog.DiscardHandler), func(p *provider.Provider, d *app.Deps) {
		g.gate.Database = p.DB
		var err error
		g.Engine, err = store.OpenEngine(context.WithoutCancel(t.Context()), &g.gate, p.Clock, d.Log, store.Options{Answer: time.Minute, Moment: time.Minute})
		must(t, err)
		t.Cleanup(func() { must(t, g.Engine.Close(context.WithoutCancel(t.Context()))) })
		d.Engine = g
	})
	h.Rooms = h.Provider.App
	h.owner = h.person("owner@daily.example")
	h.vendor, h.live, h.test = h.shop(h.owner, "The Daily", "https://daily.example")
	h.reader = h.person("ada@reader.example")
	h.fund(h.reader, usd, "1000")
	reader := h.allow(h.reader, h.live, "1", "1000")
	offer, _, err := h.CreateOffer(t.Context(), h.live, offering.OfferInput{Item: journal.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: money(t, "0.01"), Currency: usd}, h.key(), nil)
	must(t, err)
	return h, g, func(key string) selling.BatchedPurchase {
		return selling.BatchedPurchase{PurchaseInput: selling.PurchaseInput{Reader: reader, Offer: offer.ID}, Key: key}
	}
}

// manyOf are n purchases.
func manyOf(n int, name string, of func(key string) selling.BatchedPurchase) (batch []selling.BatchedPurchase) {
	for i := range n {
		batch = append(batch, of(name+strconv.Itoa(i)))
	}
	return batch
}

// made runs a batch and returns how many of it were made, and how many answers there were.
func made(h *house, batch []selling.BatchedPurchase) (sold, answers int) {
	var mu sync.Mutex
	h.CreatePurchases(context.WithoutCancel(h.t.Context()), h.live, batch, func(_ int, view selling.OrderView, _ bool, err error) {
		mu.Lock()
		defer mu.Unlock()
		if answers++; err == nil && view.Status == "paid" {
			sold++
		}
	})
	return sold, answers
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); runtime.Gosched() {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("it does not come to this: %s", what)
		}
	}
}

// A purchase that comes alone beside eight batches of a thousand is in the next block, as it
// always is, because batches never have more than half a block in the engine.
func TestASinglePurchaseDoesNotWaitForBatches(t *testing.T) {
	h, g, of := openGated(t)
	g.gate.held.Store(true)
	var all sync.WaitGroup
	single := func(key string) (answered chan error) {
		answered = make(chan error, 1)
		one := of(key)
		all.Go(func() {
			_, _, err := h.CreatePurchase(context.WithoutCancel(t.Context()), h.live, one.PurchaseInput, key, nil)
			answered <- err
		})
		return answered
	}
	before := single("before") // the block under way
	<-g.gate.arrived
	var sold, answers atomic.Int64
	for batch := range 8 {
		all.Go(func() {
			s, a := made(h, manyOf(1000, "b"+strconv.Itoa(batch)+"-", of))
			sold.Add(int64(s))
			answers.Add(int64(a))
		})
	}
	await(t, "512 purchases of batches wait", func() bool { return g.Engine.Stats().Queue >= 512 })
	beside := single("beside")
	await(t, "the single one waits, too", func() bool { return g.Engine.Stats().Queue >= 513 })
	g.gate.pass <- struct{}{}
	must(t, <-before)
	<-g.gate.arrived
	blocks := g.Engine.Stats().Batches
	g.gate.pass <- struct{}{} // the next block
	<-g.gate.arrived          // and the one after it is not written yet
	select {
	case err := <-beside:
		if err != nil {
			t.Errorf("the single purchase: %v", err)
		}
		want(t, "blocks until it was answered", g.Engine.Stats().Batches-blocks, 1)
	case <-time.After(10 * time.Second):
		t.Error("the single purchase was not in the next block")
	}
	g.gate.held.Store(false)
	g.gate.pass <- struct{}{}
	all.Wait()
	want(t, "answers", answers.Load(), 8000)
	want(t, "sold", sold.Load(), 8000)
	if most := g.most.Load(); most > 514 {
		t.Errorf("%d purchases were in the engine at once: more than 512 of batches and the two single ones", most)
	}
}

// One batch alone has no more than 256 in the engine, so that two have room beside each other.
func TestOneBatchLeavesRoomForOthers(t *testing.T) {
	h, g, of := openGated(t)
	sold, answers := made(h, manyOf(1000, "k", of))
	want(t, "sold", sold, 1000)
	want(t, "answers", answers, 1000)
	if most := g.most.Load(); most > 256 {
		t.Errorf("%d were in the engine at once", most)
	}
}

// What was not begun when the time for a batch is over, or its caller gone, is answered as that,
// each once, and nothing of it is done.
func TestABatchEndsInTime(t *testing.T) {
	for _, how := range []string{"late", "given up"} {
		t.Run(how, func(t *testing.T) {
			h, g, of := openGated(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			before := g.Engine.Head().Seq
			var mu sync.Mutex
			codes := map[token.Code]int{}
			h.CreatePurchases(ctx, h.live, manyOf(1000, "k", of), func(_ int, _ selling.OrderView, _ bool, err error) {
				mu.Lock()
				defer mu.Unlock()
				if codes[token.CodeOf(err)]++; len(codes) == 1 && codes[""] == 1 {
					if how == "late" {
						h.Clock.Move(15 * time.Second)
					} else {
						cancel()
					}
				}
			})
			sold := g.Engine.Head().Seq - before
			if sold == 1000 || codes[token.CodeUnavailable] == 0 || codes[""]+codes[token.CodeUnavailable]+codes[token.CodeCommitUnknown] != 1000 {
				t.Errorf("%d sold, and the answers are %v", sold, codes)
			}
			if how == "late" && uint64(codes[""]) != sold {
				t.Errorf("%d sold, and the answers are %v", sold, codes)
			}
			done, answers := made(h, manyOf(1000, "k", of)) // again under the same keys
			if end := g.Engine.Head().Seq - before; done != 1000 || answers != 1000 || end != 1000 {
				t.Errorf("again: %d of %d, and %d entries", done, answers, end)
			}
		})
	}
}

// panicking has a fault of ours where one offer is looked up.
type panicking struct {
	app.Catalog
	on token.OfferID
}

func (p *panicking) Offer(ctx context.Context, id token.OfferID, version uint32) (catalog.Offer, error) {
	if id == p.on {
		panic("a fault")
	}
	return p.Catalog.Offer(ctx, id, version)
}

// A fault in one purchase of a batch is one bad answer.
func TestAFaultInABatchIsOneBadAnswer(t *testing.T) {
	bad := token.OfferID{7}
	h := open(t, func(d *app.Deps) { d.Catalog = &panicking{d.Catalog, bad} })
	codes := map[int]token.Code{}
	h.fund(h.reader, usd, "10")
	reader := h.allow(h.reader, h.live, "1", "9")
	good := h.offer(h.live, "o", "0.10", journal.Item{}.Terms, token.SplitID{})
	var mu sync.Mutex
	h.CreatePurchases(t.Context(), h.live, []selling.BatchedPurchase{
		{PurchaseInput: selling.PurchaseInput{Reader: reader, Offer: good.ID}, Key: "a"},
		{PurchaseInput: selling.PurchaseInput{Reader: reader, Offer: bad}, Key: "b"},
		{PurchaseInput: selling.PurchaseInput{Reader: reader, Offer: good.ID}, Key: "c"},
	}, func(i int, _ selling.OrderView, _ bool, err error) {
		mu.Lock()
		defer mu.Unlock()
		codes[i] = token.CodeOf(err)
	})
	if codes[0] != "" || codes[1] != token.CodeCommitUnknown || codes[2] != "" || len(codes) != 3 {
		t.Errorf("%v", codes)
	}
}

// So is one in taking its answer.
func TestAFaultInAnAnswerIsOneBadAnswer(t *testing.T) {
	h := open(t)
	var told []token.Code
	h.CreatePurchases(t.Context(), h.live, []selling.BatchedPurchase{{Key: "a"}}, func(_ int, _ selling.OrderView, _ bool, err error) {
		if told = append(told, token.CodeOf(err)); len(told) == 1 {
			panic("a fault")
		}
	})
	if len(told) != 2 || told[1] != token.CodeCommitUnknown {
		t.Errorf("%v", told)
	}
}
