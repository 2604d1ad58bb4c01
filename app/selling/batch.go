package selling

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// BatchedPurchase is one purchase of a batch: what CreatePurchase takes for it.
type BatchedPurchase struct {
	PurchaseInput
	Key    string
	Digest []byte // of the request as it would be alone, so that the key stands for the same either way
}

// The bounds of batches. Together they have half of what the engine puts into one block, so a
// purchase that comes alone is in the next block, however many batches there are.
const (
	placesOfBatch   = 256
	placesOfBatches = 512
	// batchPatience is after what time no more of a batch is begun: what has been begun takes
	// its time as every purchase, and the answer must reach its caller.
	batchPatience = 15 * time.Second
)

// CreatePurchases makes many purchases, each by itself, as CreatePurchase would: with its own
// key, and its own answer, which it hands to answer by the purchase's place in the batch. It
// answers each once, several at a time and in any order, and returns when all are answered.
// Where ctx ends, or it takes longer than 15 seconds, what was not begun is answered with
// CodeUnavailable.
func (a *Selling) CreatePurchases(ctx context.Context, s caller.Seller, batch []BatchedPurchase, answer func(i int, view OrderView, replayed bool, err error)) {
	until := a.clock.Now().Add(batchPatience)
	var begun atomic.Int64
	var all sync.WaitGroup
	for range min(len(batch), placesOfBatch) {
		all.Go(func() {
			for i := int(begun.Add(1)) - 1; i < len(batch); i = int(begun.Add(1)) - 1 {
				a.answerBatched(ctx, s, &batch[i], until, func(view OrderView, replayed bool, err error) { answer(i, view, replayed, err) })
			}
		})
	}
	all.Wait()
}

// answerBatched makes one purchase of a batch and answers it. A fault of ours, in answer too, is one bad
// answer, as in a request of its own, and not the end of the process; the purchase may have been made.
func (a *Selling) answerBatched(ctx context.Context, s caller.Seller, p *BatchedPurchase, until time.Time, answer func(view OrderView, replayed bool, err error)) {
	defer func() {
		if fault := recover(); fault != nil {
			a.log.ErrorContext(ctx, "panic in a batch of purchases", "fault", fault, "stack", string(debug.Stack()))
			answer(OrderView{}, false, token.Refuse(token.Unavailable, "commit_unknown.fault"))
		}
	}()
	answer(a.createBatched(ctx, s, p, until))
}

// createBatched makes one purchase of a batch, when there is a place for it.
func (a *Selling) createBatched(ctx context.Context, s caller.Seller, p *BatchedPurchase, until time.Time) (view OrderView, replayed bool, err error) {
	select {
	case a.batchPlaces <- struct{}{}:
		defer func() { <-a.batchPlaces }()
	case <-ctx.Done():
		return view, false, notBegun(ctx.Err())
	}
	if ctx.Err() != nil || !a.clock.Now().Before(until) {
		return view, false, notBegun(ctx.Err())
	}
	return a.CreatePurchase(ctx, s, p.PurchaseInput, p.Key, p.Digest)
}

// notBegun is the answer to a purchase of a batch that was certainly not made.
func notBegun(cause error) error {
	if cause == nil {
		cause = errors.New("the batch took too long")
	}
	return token.Refuse(token.Unavailable, "unavailable.batch").Because(cause)
}
