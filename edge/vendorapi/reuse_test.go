package vendorapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// repeat is a request and another one, for which the same key does not stand.
type repeat struct {
	path, body           string
	otherPath, otherBody string
}

// repeats are requests for every operation that takes an idempotency key, by its name in the
// document: each works, and so would the other one under a key of its own.
func (h *house) repeats() map[string]repeat {
	ctx := h.t.Context()
	h.allow(token.PerUnit, 9*token.PerUnit)
	h.must(h.App.BoundIncentives(ctx, token.PerUnit))
	reader, payee := h.readerID(), ""
	offers := [2]string{h.offer(), h.offer()}
	p, err := h.live.CreatePayee(ctx, "Grete")
	h.must(err)
	payee = p.ID
	split, err := h.live.CreateSplit(ctx, "s", []sdk.Share{{Payee: payee, Percent: "10"}})
	h.must(err)
	var campaign struct{ ID string }
	h.must(json.Unmarshal([]byte(h.post("/v1/campaigns", "campaign", `{"name":"c","currency":"USD"}`).body), &campaign))
	serial := 0
	order := func(held bool) string {
		in := h.order()
		serial++
		in.Item.SKU += strings.Repeat("x", serial)
		if held {
			in.Capture = "manual"
		}
		made, err := h.live.CreateOrder(ctx, in)
		h.must(err)
		h.pay(made)
		return "/v1/orders/" + made.ID
	}
	item := func(title string) string {
		return `{"item":{"sku":"a","title":"` + title + `"},"price":"0.25","currency":"USD","return_url":"` + shopURL + `/essay"}`
	}
	offer := func(price string) string {
		return `{"item":{"sku":"b","title":"B"},"price":"` + price + `","currency":"USD"}`
	}
	shares := func(percent string) string {
		return `{"name":"t","shares":[{"payee":"` + payee + `","percent":"` + percent + `"}]}`
	}
	buys := func(offer string) string { return `{"reader":"` + reader + `","offer":"` + offer + `"}` }
	gift := func(amount string) string { return `{"reader":"` + reader + `","amount":"` + amount + `"}` }
	deposit := func(reference string) string {
		return `{"account":"` + h.reader.Account.String() + `","amount":"1.00","currency":"USD","reference":"` + reference + `"}`
	}
	h.operatorKey, _, err = h.App.CreateOperatorKey(ctx, caller.ByCommand(), "till")
	h.must(err)
	grants := "/v1/campaigns/" + campaign.ID + "/grants"
	same := func(path, body, other string) repeat { return repeat{path, body, path, other} }
	two := func(held bool, action, body string) repeat {
		return repeat{order(held) + action, body, order(held) + action, body}
	}
	return map[string]repeat{
		"createOrder":    same("/v1/orders", item("A"), item("B")),
		"captureOrder":   same(order(true)+"/capture", `{"amount":"0.10"}`, `{"amount":"0.20"}`),
		"releaseOrder":   two(true, "/release", `{}`),
		"refundOrder":    same(order(false)+"/refund", `{"amount":"0.05"}`, `{"amount":"0.06"}`),
		"viewOrder":      two(false, "/views", `{}`),
		"createPurchase": same("/v1/purchases", buys(offers[0]), buys(offers[1])),
		"createOffer":    same("/v1/offers", offer("0.25"), offer("0.26")),
		"createPayee":    same("/v1/payees", `{"name":"A"}`, `{"name":"B"}`),
		"createSplit":    same("/v1/splits", shares("10"), shares("11")),
		"reviseSplit":    same("/v1/splits/"+split.ID, shares("12"), shares("13")),
		"createSite":     same("/v1/sites", `{"url":"https://a.example"}`, `{"url":"https://b.example"}`),
		"createCampaign": same("/v1/campaigns", `{"name":"A","currency":"USD"}`, `{"name":"B","currency":"USD"}`),
		"grantIncentive": same(grants, gift("0.01"), gift("0.02")),

		"createOperatorDeposit": same("/v1/operator/deposits", deposit("bank 1"), deposit("bank 2")),
	}
}

// said is an answer.
type said struct {
	status   int
	body     string
	replayed bool
	code     string
}

func (h *house) post(path, idempotency, body string) (a said) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+path, strings.NewReader(body))
	h.must(err)
	key := h.liveKey
	if strings.HasPrefix(path, "/v1/operator/") {
		key = h.operatorKey
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", idempotency)
	response, err := h.server.Client().Do(request)
	h.must(err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	h.must(err)
	var problem struct{ Code string }
	_ = json.Unmarshal(read, &problem)
	return said{response.StatusCode, string(read), response.Header.Get("Idempotent-Replayed") == "true", problem.Code}
}

// keyed returns the operations of the document that take an idempotency key.
func (h *house) keyed() (names []string) {
	h.t.Helper()
	response, err := h.server.Client().Get(h.server.URL + "/openapi.json")
	h.must(err)
	defer response.Body.Close()
	var document struct {
		Paths map[string]map[string]struct {
			ID  string          `json:"operationId"`
			Raw json.RawMessage `json:"parameters"`
		}
	}
	h.must(json.NewDecoder(response.Body).Decode(&document))
	for _, operations := range document.Paths {
		if post, ok := operations["post"]; ok && strings.Contains(string(post.Raw), "IdempotencyKey") {
			names = append(names, post.ID)
		}
	}
	return names
}

// One key stands for one request, at every POST that takes a key: the same request again is
// the first one's answer, and another one is refused and does nothing.
func TestOneKeyStandsForOneRequest(t *testing.T) {
	h := newHouse(t)
	repeats := h.repeats()
	names := h.keyed()
	if len(names) < 13 {
		t.Errorf("only %v take a key", names)
	}
	for _, name := range names {
		r, ok := repeats[name]
		if !ok {
			t.Errorf("%s has no requests in this test", name)
			continue
		}
		first := h.post(r.path, "key-"+name, r.body)
		if first.status/100 != 2 || first.replayed {
			t.Errorf("%s: %+v", name, first)
			continue
		}
		head := h.Engine.Head()
		again := h.post(r.path, "key-"+name, r.body)
		if again.status != first.status || !again.replayed || again.body != first.body {
			t.Errorf("%s again: %+v, want %+v", name, again, first)
		}
		if other := h.post(r.otherPath, "key-"+name, r.otherBody); other.status != http.StatusUnprocessableEntity || other.code != string(token.CodeKeyReused) {
			t.Errorf("%s with another request: %+v", name, other)
		}
		if h.Engine.Head() != head {
			t.Errorf("%s: the journal has moved", name)
		}
		if other := h.post(r.otherPath, "other-"+name, r.otherBody); other.status/100 != 2 && other.code != string(token.CodeOrderState) { // it has been captured
			t.Errorf("%s with another request under a key of its own: %+v", name, other)
		}
	}
}
