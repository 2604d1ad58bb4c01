package sdk_test

import (
	"testing"

	"farthing.dev/farthing/sdk"
)

// Those of a batch that are not answered for good are tried again under their keys, and no others.
func TestABatchIsTriedAgainWhereThatHelps(t *testing.T) {
	p, client := newProvider(t,
		scripted{hangUp: true},
		scripted{status: 200, body: `{"results":[{"status":201,"purchase":{"id":"ord_1"}},{"status":503,"problem":{"status":503,"code":"commit_unknown"}},{"status":402,"problem":{"status":402,"code":"insufficient_funds"}},{"status":503,"problem":{"status":503,"code":"unavailable"}}]}`},
		scripted{status: 200, body: `{"results":[{"status":201,"replayed":true,"purchase":{"id":"ord_2"}},{"status":503,"problem":{"status":503,"code":"unavailable"}}]}`},
	)
	buy := sdk.NewPurchase{Reader: "rdr_1", Offer: "off_1"}
	results, err := client.CreatePurchaseBatch(t.Context(), []sdk.BatchedPurchase{{buy, "a"}, {buy, "b"}, {buy, "c"}, {buy, ""}})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.ID != "ord_1" || !r.Charged || r.Replayed || r.Err != nil || r.IdempotencyKey != "a" {
		t.Errorf("0: %+v", r)
	}
	if r := results[1]; r.ID != "ord_2" || !r.Charged || !r.Replayed || r.Err != nil || r.IdempotencyKey != "b" {
		t.Errorf("1: %+v", r)
	}
	if r := results[2]; sdk.Code(r.Err) != sdk.InsufficientFunds || r.ID != "" {
		t.Errorf("2: %+v", r)
	}
	if r := results[3]; sdk.Code(r.Err) != "unavailable" || r.IdempotencyKey != "made-key" {
		t.Errorf("3: %+v", r)
	}
	one := func(key string) string { return `{"idempotency_key":"` + key + `","reader":"rdr_1","offer":"off_1"}` }
	all := `{"purchases":[` + one("a") + `,` + one("b") + `,` + one("c") + `,` + one("made-key") + `]}`
	asked := p.requests()
	if len(asked) != 3 || asked[0].body != all || asked[1].body != all || asked[2].body != `{"purchases":[`+one("b")+`,`+one("made-key")+`]}` || asked[0].path != "/v1/purchases/batch" {
		t.Errorf("asked %+v", asked)
	}
}

// A refusal of the whole is not repeated, and each purchase has it; an answer that ends a later
// attempt leaves what was answered before.
func TestABatchThatIsRefusedAsAWhole(t *testing.T) {
	p, client := newProvider(t, scripted{status: 401, body: `{"status":401,"code":"unauthorised"}`})
	results, err := client.CreatePurchaseBatch(t.Context(), make([]sdk.BatchedPurchase, 2))
	if sdk.Code(err) != "unauthorised" || len(p.requests()) != 1 || len(results) != 2 || sdk.Code(results[1].Err) != "unauthorised" {
		t.Errorf("%v, %+v, asked %d times", err, results, len(p.requests()))
	}
	unknown := `{"status":503,"problem":{"status":503,"code":"commit_unknown"}}`
	_, client = newProvider(t, scripted{status: 200, body: `{"results":[{"status":201,"purchase":{"id":"ord_1"}},` + unknown + `]}`}, scripted{status: 200, body: `{"results":[]}`}, scripted{hangUp: true})
	results, err = client.CreatePurchaseBatch(t.Context(), make([]sdk.BatchedPurchase, 2))
	if err == nil || sdk.Code(err) != "" || results[0].ID != "ord_1" || results[0].Err != nil || results[1].Err != err {
		t.Errorf("%v, %+v", err, results)
	}
}
