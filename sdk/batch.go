package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// maxBatchAnswer bounds what is read of the answer to a batch.
const maxBatchAnswer = 64 << 20

// BatchedPurchase is one purchase of a batch.
type BatchedPurchase struct {
	NewPurchase
	// IdempotencyKey is kept with your own record of the sale, so that the purchase can be
	// repeated after a crash of your server too: in a batch, or by CreatePurchase. Where it is
	// empty the client makes one.
	IdempotencyKey string
}

// BatchResult is the answer to one purchase of a batch.
type BatchResult struct {
	Purchase              // what CreatePurchase would have returned; empty where Err is set
	IdempotencyKey string // that it was sent with
	Err            error  // why it was refused: a *Problem, or that of the last attempt where there was no answer
}

// batchedJSON and resultJSON are what travels.
type batchedJSON struct {
	IdempotencyKey string `json:"idempotency_key"`
	NewPurchase
}

type resultJSON struct {
	Status   int      `json:"status"`
	Replayed bool     `json:"replayed"`
	Purchase *Order   `json:"purchase"`
	Problem  *Problem `json:"problem"`
}

// CreatePurchaseBatch makes up to 1,000 purchases in one request. Each is one by itself, as by
// CreatePurchase, and its result stands in its place. Those of which it is not known whether
// they were made, or for which the provider had no time, are tried again, with the same keys,
// in as many attempts as any call has.
//
// The error says that the last attempt was not answered, or was refused as a whole; the results
// of attempts before stand all the same. Each purchase without an answer of its own has that
// error: try it again with its IdempotencyKey, since it may have been made.
func (c *Client) CreatePurchaseBatch(ctx context.Context, purchases []BatchedPurchase) ([]BatchResult, error) {
	results := make([]BatchResult, len(purchases))
	open := make([]int, len(purchases)) // the places that have no final answer yet
	for i := range purchases {
		open[i] = i
		if results[i].IdempotencyKey = purchases[i].IdempotencyKey; results[i].IdempotencyKey == "" {
			results[i].IdempotencyKey = c.newKey()
		}
	}
	for attempt := 1; ; attempt++ {
		one := &call{method: http.MethodPost, path: "/v1/purchases/batch", most: maxBatchAnswer}
		err := c.sendBatch(ctx, one, purchases, results, open)
		open = slices.DeleteFunc(open, func(i int) bool { return results[i].Err == nil || !one.again(results[i].Err) })
		if len(open) == 0 || attempt >= c.attempts() || ctx.Err() != nil || err != nil && !one.again(err) {
			return results, err
		}
		why := err
		if why == nil {
			why = results[open[0]].Err
		}
		if c.wait(ctx, pause(why, attempt)) != nil {
			return results, err
		}
	}
}

// sendBatch sends the purchases at the places that are open, and fills in their results.
func (c *Client) sendBatch(ctx context.Context, one *call, purchases []BatchedPurchase, results []BatchResult, open []int) error {
	body := struct {
		Purchases []batchedJSON `json:"purchases"`
	}{make([]batchedJSON, len(open))}
	for i, place := range open {
		body.Purchases[i] = batchedJSON{results[place].IdempotencyKey, purchases[place].NewPurchase}
	}
	var answer struct {
		Results []resultJSON `json:"results"`
	}
	var err error
	if one.body, err = json.Marshal(body); err != nil {
		err = fmt.Errorf("farthing: encode request: %w", err)
	} else {
		one.into = &answer
		if err = c.once(ctx, one); err == nil && len(answer.Results) != len(open) {
			err = fmt.Errorf("farthing: %d results for %d purchases", len(answer.Results), len(open))
		}
	}
	for i, place := range open {
		if err != nil {
			results[place].Err = err
			continue
		}
		results[place].fill(&answer.Results[i])
	}
	return err
}

// fill takes over an answer.
func (r *BatchResult) fill(from *resultJSON) {
	switch {
	case from.Problem != nil:
		r.Err = from.Problem
	case from.Purchase == nil:
		r.Err = errors.New("farthing: a result is neither a purchase nor a problem")
	default:
		r.Purchase, r.Err = Purchase{Order: *from.Purchase, Charged: from.Status == http.StatusCreated, Replayed: from.Replayed}, nil
	}
}
