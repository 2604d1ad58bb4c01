package vendorapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// The bounds of a batch.
const (
	maxBatch     = 1000
	maxBatchBody = 1 << 20 // bytes
	maxBatchKept = 4 << 20 // bytes of a buffer that is used again; the answer to a large batch has about one
)

type batches interface {
	// CreatePurchases calls answer once for each purchase, from several goroutines.
	CreatePurchases(ctx context.Context, s caller.Seller, batch []selling.BatchedPurchase, answer func(i int, view selling.OrderView, replayed bool, err error))
}

// batchedPurchase is newPurchase with its key. What is no id is refused in its own place, so
// ids are text here.
type batchedPurchase struct {
	Key      string `json:"idempotency_key" minLength:"1" maxLength:"255" pattern:"^[!-~]+$" doc:"What Idempotency-Key is to the single call: the same key there and here is one purchase" example:"sale-1"`
	Reader   string `json:"reader" doc:"Who pays, by your pseudonym"`
	Offer    string `json:"offer" doc:"What is bought"`
	Version  uint32 `json:"offer_version,omitzero" doc:"As in the single call"`
	Tracking string `json:"tracking,omitzero" maxLength:"500" doc:"Your own data, kept with the order"`
}

// batch is many purchases.
type batch struct {
	Purchases []batchedPurchase `json:"purchases" minItems:"1" maxItems:"1000" nullable:"false" doc:"Each with a key of its own"`
}

// batchResult is the answer to one purchase of a batch.
type batchResult struct {
	Status   int          `json:"status" doc:"As the single call's: 201 where the reader was charged, 200 where the reader owned it already, or the problem's"`
	Replayed bool         `json:"replayed,omitzero" doc:"This is the answer to an earlier request with this key"`
	Purchase *order       `json:"purchase,omitzero" doc:"With 200 and 201"`
	Problem  *web.Problem `json:"problem,omitzero" doc:"With all else"`
}

// batchResults are the answers to a batch.
type batchResults struct {
	Results []batchResult `json:"results" nullable:"false" doc:"In the order of the purchases"`
}

var (
	_ quick   = (*batch)(nil)
	_ written = (*batchResults)(nil)
)

func (b *batch) read(body []byte) bool {
	r, seen := reader{rest: body}, uint(0)
	r.object(func(name []byte) {
		r.once(&seen, 1)
		if r.odd = r.odd || string(name) != "purchases"; r.odd {
			return
		}
		if r.take('['); r.try(']') {
			b.Purchases = []batchedPurchase{}
			return
		}
		b.Purchases = make([]batchedPurchase, 0, min(len(r.rest)/shortestBatched+1, maxBatch))
		for !r.odd {
			b.Purchases = append(b.Purchases, batchedPurchase{})
			b.Purchases[len(b.Purchases)-1].read(&r)
			if !r.try(',') {
				r.take(']')
				return
			}
		}
	})
	if !r.done() {
		*b = batch{}
		return false
	}
	return true
}

// shortestBatched is the length of a purchase in a batch that says all it must.
const shortestBatched = len(`{"idempotency_key":"1","reader":"rdr_00000000000000000000000000","offer":"off_00000000000000000000000000"}`)

func (p *batchedPurchase) read(r *reader) {
	seen := uint(0)
	r.object(func(name []byte) {
		switch string(name) {
		case "idempotency_key":
			r.once(&seen, 1)
			p.Key = string(r.text())
		case "reader":
			r.once(&seen, 2)
			p.Reader = string(r.text())
		case "offer":
			r.once(&seen, 4)
			p.Offer = string(r.text())
		case "offer_version":
			r.once(&seen, 8)
			p.Version = r.number()
		case "tracking":
			r.once(&seen, 16)
			p.Tracking = string(r.text())
		default:
			r.odd = true
		}
	})
}

func (b *batchResults) write(w *writer) {
	w.begin("")
	w.name("results")
	w.b = append(w.b, '[')
	for i := range b.Results {
		w.comma('[')
		b.Results[i].write(w)
	}
	w.b = append(w.b, ']')
	w.end()
}

func (b *batchResult) write(w *writer) {
	w.begin("")
	w.anyNumber("status", int64(b.Status))
	w.yes("replayed", b.Replayed)
	if b.Purchase != nil {
		w.name("purchase")
		b.Purchase.write(w)
	}
	if b.Problem != nil {
		w.name("problem")
		problem, err := json.Marshal(b.Problem)
		w.b, w.odd = append(w.b, problem...), w.odd || err != nil
	}
	w.end()
}

func (a *api) addBatch() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/purchases/batch", id: "createPurchaseBatch", tag: "Purchases", keyless: true, most: maxBatchBody,
		summary: "Sell up to 1,000 offers under readers' allowances",
		explain: "Each purchase is one by itself, as if you had asked for it alone: with its own key, its own status and its own answer, in the order of the request. " +
			"The answer is 200 whatever became of them, so look at each: only a status of 200 or 201 has moved money, and 503 commit_unknown may have. Send again what has 503 or 429, with the same keys. " +
			"A batch counts as so many requests as it has purchases.",
		refuses: []token.Code{token.CodeFieldInvalid},
	}, func(ctx context.Context, c *call, in *batch) (answer[batchResults], error) {
		if err := in.check(); err != nil {
			return answer[batchResults]{}, err
		}
		if err := a.limiter.check(c.seller.Key, a.clock.Now(), len(in.Purchases)-1); err != nil {
			return answer[batchResults]{}, err
		}
		return answer[batchResults]{body: batchResults{Results: a.buyBatch(ctx, c, in.Purchases)}}, nil
	})
}

// check refuses what is wrong with the batch as a whole.
func (b *batch) check() error {
	if n := len(b.Purchases); n == 0 || n > maxBatch {
		return token.Refuse(token.Unprocessable, "field_invalid.batch_size", token.Number("most", maxBatch), token.Number("got", int64(n))).In("/purchases")
	}
	seen := make(map[string]int, len(b.Purchases))
	for i := range b.Purchases {
		key := b.Purchases[i].Key
		if key == "" {
			continue // refused in its own place
		}
		if first, twice := seen[key]; twice {
			return token.Refuse(token.Unprocessable, "field_invalid.batch_twice", token.Number("first", int64(first)), token.Number("second", int64(i))).
				In("/purchases/" + strconv.Itoa(i) + "/idempotency_key")
		}
		seen[key] = i
	}
	return nil
}

// buyBatch makes the purchases, and returns the answer to each.
func (a *api) buyBatch(ctx context.Context, c *call, purchases []batchedPurchase) []batchResult {
	results := make([]batchResult, len(purchases))
	good := make([]selling.BatchedPurchase, 0, len(purchases))
	places := make([]int, 0, len(purchases)) // of the good ones
	refusals := make([]error, len(purchases))
	for i := range purchases {
		one, err := purchases[i].app()
		if err != nil {
			refusals[i] = err
			continue
		}
		good, places = append(good, one), append(places, i)
	}
	a.app.CreatePurchases(ctx, c.seller, good, func(i int, view selling.OrderView, replayed bool, err error) {
		if refusals[places[i]] = err; err == nil {
			made := orderOf(view)
			results[places[i]] = batchResult{Status: purchaseStatus(&made), Replayed: replayed, Purchase: &made}
		}
	})
	a.refuseBatched(c, results, refusals)
	return results
}

// app reads what CreatePurchases takes.
func (p *batchedPurchase) app() (selling.BatchedPurchase, error) {
	out := selling.BatchedPurchase{Key: p.Key}
	if err := checkKey(p.Key); err != nil {
		return out, err
	}
	alone := newPurchase{Version: p.Version, Tracking: p.Tracking}
	if err := alone.Reader.UnmarshalText([]byte(p.Reader)); err != nil {
		return out, token.In("/reader", err)
	}
	if err := alone.Offer.UnmarshalText([]byte(p.Offer)); err != nil {
		return out, token.In("/offer", err)
	}
	var err error
	if out.PurchaseInput, err = alone.app(); err != nil {
		return out, err
	}
	out.Digest, err = canonical(http.MethodPost, purchasesPath, &alone)
	return out, err
}

// inBatch names the member of the batch that a refusal of one of its purchases is about.
func inBatch(i int, err error) error {
	if refusal, ok := errors.AsType[*token.Error](err); ok && refusal.Field == "" {
		return err
	}
	return token.In("/purchases/"+strconv.Itoa(i), err)
}

// refuseBatched writes the problems of those that were refused. Errors of our own go to the
// log, in one line for all of them.
func (a *api) refuseBatched(c *call, results []batchResult, refusals []error) {
	failed, first := 0, error(nil)
	for i, err := range refusals {
		if err == nil {
			continue
		}
		problem := problemOf(c.answer, c.request, inBatch(i, err))
		web.CountRefusal(c.answer, token.Code(problem.Code))
		results[i] = batchResult{Status: problem.Status, Problem: &problem}
		if problem.Status >= http.StatusInternalServerError {
			if failed++; first == nil {
				first = err
			}
		}
	}
	if failed > 0 {
		a.logFailure(c.answer, c.request, first, "purchases", failed)
	}
}
