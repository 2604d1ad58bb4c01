package vendorapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// batched is one purchase of a batch, as its JSON.
func batched(key, reader, offer, more string) string {
	return `{"idempotency_key":"` + key + `","reader":"` + reader + `","offer":"` + offer + `"` + more + `}`
}

// result is the answer to one of a batch.
type result struct {
	Status   int
	Replayed bool
	Purchase json.RawMessage
	Problem  struct {
		Status       int
		Code, Detail string
		Type, Title  string
		Instance     string
		RequestID    string `json:"request_id"`
	}
}

// order is the id of the purchase.
func (r *result) order(t testing.TB) string {
	t.Helper()
	var order struct{ ID string }
	if err := json.Unmarshal(r.Purchase, &order); err != nil {
		t.Fatalf("%s: %v", r.Purchase, err)
	}
	return order.ID
}

// batch sends purchases and returns the results.
func (h *house) batch(purchases ...string) []result {
	h.t.Helper()
	answered := h.post("/v1/purchases/batch", "", `{"purchases":[`+strings.Join(purchases, ",")+`]}`)
	if answered.status != http.StatusOK {
		h.t.Fatalf("answered %d %s", answered.status, answered.body)
	}
	var out struct{ Results []result }
	h.must(json.Unmarshal([]byte(answered.body), &out))
	if len(out.Results) != len(purchases) {
		h.t.Fatalf("%d results for %d purchases", len(out.Results), len(purchases))
	}
	return out.Results
}

// Each of a batch is answered in its place as the single call would answer it.
func TestEachOfABatchIsAnsweredAsIfItWereAlone(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	reader, offer := h.readerID(), h.offer()
	book, err := h.live.CreateOffer(ctx, sdk.NewOffer{Item: sdk.Item{SKU: "book", Title: "A book"}, Price: "0.50", Currency: "USD"})
	h.must(err)
	dear, err := h.live.CreateOffer(ctx, sdk.NewOffer{Item: sdk.Item{SKU: "dear", Title: "Dear"}, Price: "100", Currency: "USD"})
	h.must(err)
	sandbox, err := h.test.Me(ctx)
	h.must(err)
	h.allow(1000*token.PerUnit, 1000*token.PerUnit)
	owned, err := h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: book.ID})
	h.must(err)
	none := token.OfferID{1}.String()
	for i, test := range []struct {
		fields string // of the purchase, without its key
		key    string
		status int
		code   token.Code
	}{
		{`"reader":"` + reader + `","offer":"` + offer + `","tracking":"t-1"`, "good", 201, ""},
		{`"reader":"` + reader + `","offer":"` + book.ID + `"`, "owned", 200, ""},
		{`"reader":"` + reader + `","offer":"` + dear.ID + `"`, "dear", 402, token.CodeFundsMissing},
		{`"reader":"` + reader + `","offer":"` + none + `"`, "none", 404, token.CodeNotFound},
		{`"reader":"` + sandbox.SandboxReader + `","offer":"` + offer + `"`, "sandbox", 403, token.CodeModeMismatch},
		{`"reader":"` + reader + `","offer":"` + offer + `","offer_version":7`, "version", 409, token.CodeOfferChanged},
		{`"reader":"` + offer + `","offer":"` + offer + `"`, "kind", 400, token.CodeIDInvalid},
		{`"reader":"` + reader + `","offer":"off_1"`, "id", 400, token.CodeIDInvalid},
		{`"reader":"` + reader + `"`, "nothing", 422, token.CodeFieldInvalid},
		{`"reader":"` + reader + `","offer":"` + offer + `","tracking":"` + strings.Repeat("x", 501) + `"`, "long", 422, token.CodeFieldInvalid},
		{`"reader":"` + reader + `","offer":"` + offer + `"`, "a key", 400, token.CodeMalformed},
		{`"reader":"` + reader + `","offer":"` + offer + `"`, strings.Repeat("k", 256), 400, token.CodeMalformed},
		{`"reader":"` + reader + `","offer":"` + offer + `"`, "", 400, token.CodeKeyMissing},
	} {
		before := h.Engine.Head()
		// In the middle of others, which it keeps from nothing.
		first, last := "first-"+strconv.Itoa(i), "last-"+strconv.Itoa(i)
		results := h.batch(batched(first, reader, offer, ""), `{"idempotency_key":"`+test.key+`",`+test.fields+`}`, batched(last, reader, offer, ""))
		got := results[1]
		if results[0].Status != 201 || results[2].Status != 201 {
			t.Errorf("%s: the others: %+v, %+v", test.key, results[0], results[2])
		}
		if got.Status != test.status || got.Problem.Code != string(test.code) {
			t.Errorf("%q: %d %+v, want %d %s", test.key, got.Status, got.Problem, test.status, test.code)
			continue
		}
		sold := h.Engine.Head().Seq - before.Seq
		if test.code == "" && sold < 2 || test.code != "" && sold != 2 {
			t.Errorf("%q: %d entries", test.key, sold)
		}
		if p := got.Problem; test.code != "" && (len(got.Purchase) > 0 || p.Status != test.status || p.Type != "/docs#"+p.Code || p.Title == "" || p.Detail == "" || p.Instance != "/v1/purchases/batch" || p.RequestID == "") {
			t.Errorf("%q: the problem is not complete: %+v", test.key, p)
		}
		if test.key == "owned" && got.order(t) != owned.ID {
			t.Errorf("owned: %s", got.Purchase)
		}
		// The single call says the same, and under the same key it is the same purchase.
		alone := h.post("/v1/purchases", test.key, `{`+test.fields+`}`)
		if alone.status != test.status || alone.code != string(test.code) {
			t.Errorf("%q alone: %+v", test.key, alone)
		}
		if test.code == "" && (!alone.replayed || alone.body != string(got.Purchase)) {
			t.Errorf("%q alone: %s, in the batch %s", test.key, alone.body, got.Purchase)
		}
	}
}

// A key is one purchase, in a batch, in another batch and alone; with another body it is refused.
func TestOneKeyIsOnePurchaseInABatch(t *testing.T) {
	h := newHouse(t)
	reader, offers := h.readerID(), [2]string{h.offer(), h.offer()}
	h.allow(token.PerUnit, 9*token.PerUnit)
	alone := h.post("/v1/purchases", "alone", `{"reader":"`+reader+`","offer":"`+offers[0]+`"}`)
	if alone.status != 201 {
		t.Fatalf("%+v", alone)
	}
	first := h.batch(batched("alone", reader, offers[0], ""), batched("new", reader, offers[0], ""))
	if !first[0].Replayed || string(first[0].Purchase) != alone.body || first[0].Status != 201 || first[1].Replayed || first[1].Status != 201 {
		t.Fatalf("first: %+v", first)
	}
	head := h.Engine.Head()
	again := h.batch(batched("new", reader, offers[0], ""), batched("alone", reader, offers[0], ""))
	for i := range again {
		if !again[i].Replayed || again[i].Status != 201 || string(again[i].Purchase) != string(first[1-i].Purchase) {
			t.Errorf("again %d: %+v", i, again[i])
		}
	}
	other := h.batch(batched("new", reader, offers[1], ""), batched("alone", reader, offers[0], `,"tracking":"t"`))
	for i := range other {
		if other[i].Status != 422 || other[i].Problem.Code != string(token.CodeKeyReused) {
			t.Errorf("another request %d: %+v", i, other[i])
		}
	}
	if h.Engine.Head() != head {
		t.Error("the journal has moved")
	}
}

// However large a batch is, it stays within the allowance.
func TestABatchStaysWithinTheAllowance(t *testing.T) {
	h := newHouse(t)
	reader, offer := h.readerID(), h.offer()
	h.allow(100_000, 750_000)
	purchases := make([]string, 1000)
	for i := range purchases {
		purchases[i] = batched("k-"+strconv.Itoa(i), reader, offer, "")
	}
	sold := 0
	for i, r := range h.batch(purchases...) {
		switch {
		case r.Status == 201:
			sold++
		case r.Problem.Code != sdk.AllowanceExceeded:
			t.Errorf("%d: %+v", i, r)
		}
	}
	if given := h.given(); sold != 7 || len(given) != 1 || given[0].Spent != 700_000 {
		t.Errorf("%d were sold, and the wallet says %+v", sold, given)
	}
}

// cutting ends a request when some of its purchases are under way, and loses the answers of
// others.
type cutting struct {
	app.Engine
	cut   atomic.Pointer[context.CancelFunc]
	begun atomic.Int64
	after int64
}

func (c *cutting) Do(ctx context.Context, command core.Command) (core.Outcome, error) {
	if _, charge := command.(*core.Charge); charge {
		if cut := c.cut.Load(); cut != nil && c.begun.Add(1) == c.after {
			(*cut)()
		}
	}
	return c.Engine.Do(ctx, command)
}

// A request that was cut off in the middle is repeated: what was done is answered as it was,
// and all else is done now.
func TestABatchThatWasCutOffIsRepeated(t *testing.T) {
	var engine *cutting
	h := newHouse(t, func(d *app.Deps) {
		engine = &cutting{Engine: d.Engine, after: 300}
		d.Engine = engine
	})
	reader, offer := h.readerID(), h.offer()
	h.must(h.App.AddDemoFunds(t.Context(), h.reader, token.MustCurrency("USD"), 1000*token.PerUnit, "plenty"))
	h.allow(token.PerUnit, 1000*token.PerUnit)
	purchases := make([]string, 600)
	for i := range purchases {
		purchases[i] = batched("k-"+strconv.Itoa(i), reader, offer, "")
	}
	before := h.Engine.Head().Seq
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	engine.cut.Store(&cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.server.URL+"/v1/purchases/batch", strings.NewReader(`{"purchases":[`+strings.Join(purchases, ",")+`]}`))
	h.must(err)
	request.Header.Set("Authorization", "Bearer "+h.liveKey)
	request.Header.Set("Content-Type", "application/json")
	if response, err := h.server.Client().Do(request); err == nil {
		response.Body.Close()
		t.Fatal("it was answered")
	}
	engine.cut.Store(nil)
	var all sync.WaitGroup
	var answers [2][]result
	for i := range answers { // two repetitions at once
		all.Go(func() { answers[i] = h.batch(purchases...) })
	}
	all.Wait()
	orders := map[string]bool{}
	for i := range purchases {
		one, two := answers[0][i], answers[1][i]
		if one.Status != 201 || two.Status != 201 || string(one.Purchase) != string(two.Purchase) {
			t.Fatalf("%d: %+v and %+v", i, one, two)
		}
		orders[one.order(t)] = true
	}
	if made := h.Engine.Head().Seq - before; len(orders) != len(purchases) || made != uint64(len(purchases)) {
		t.Errorf("%d orders, %d entries", len(orders), made)
	}
}

// undecided answers some purchases as the engine does where it does not know whether they were
// done; they were.
type undecided struct {
	app.Engine
	turn atomic.Int64
	on   atomic.Bool
}

func (u *undecided) Do(ctx context.Context, command core.Command) (core.Outcome, error) {
	out, err := u.Engine.Do(ctx, command)
	if _, charge := command.(*core.Charge); charge && u.on.Load() && u.turn.Add(1)%3 == 0 {
		return core.Outcome{}, token.Refuse(token.Unavailable, "commit_unknown.command")
	}
	return out, err
}

// What is not known of one purchase is said in its place, and learnt under its key.
func TestAnUnknownCommitIsSaidInItsPlace(t *testing.T) {
	var engine *undecided
	h := newHouse(t, func(d *app.Deps) {
		engine = &undecided{Engine: d.Engine}
		d.Engine = engine
	})
	reader, offer := h.readerID(), h.offer()
	h.allow(token.PerUnit, 9*token.PerUnit)
	purchases := make([]string, 30)
	for i := range purchases {
		purchases[i] = batched("k-"+strconv.Itoa(i), reader, offer, "")
	}
	before := h.Engine.Head().Seq
	engine.on.Store(true)
	unknown := map[int]bool{}
	for i, r := range h.batch(purchases...) {
		if r.Status == 503 && r.Problem.Code == string(token.CodeCommitUnknown) {
			unknown[i] = true
		} else if r.Status != 201 {
			t.Errorf("%d: %+v", i, r)
		}
	}
	engine.on.Store(false)
	if len(unknown) != 10 {
		t.Errorf("%d are unknown", len(unknown))
	}
	for i, r := range h.batch(purchases...) {
		if r.Status != 201 || !r.Replayed {
			t.Errorf("%d again: %+v", i, r)
		}
	}
	if made := h.Engine.Head().Seq - before; made != 30 {
		t.Errorf("%d entries", made)
	}

	// The Go client asks again by itself, for those only, and nobody is charged twice.
	engine.on.Store(true)
	var keyed []sdk.BatchedPurchase
	for range 30 {
		keyed = append(keyed, sdk.BatchedPurchase{NewPurchase: sdk.NewPurchase{Reader: reader, Offer: offer}})
	}
	client := *h.live
	client.Attempts = 9
	results, err := client.CreatePurchaseBatch(t.Context(), keyed)
	h.must(err)
	replayed := 0
	for i, r := range results {
		if r.Err != nil || !r.Charged {
			t.Errorf("%d: %+v", i, r)
		}
		if r.Replayed {
			replayed++
		}
	}
	if made := h.Engine.Head().Seq - before; made != 60 || replayed < 10 {
		t.Errorf("%d entries, %d learnt by asking again", made, replayed)
	}
}
