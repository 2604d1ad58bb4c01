package vendorapi_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// problem posts a body and returns the problem that it is answered with.
func (h *house) problem(path, body string) (p web.Problem) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+path, strings.NewReader(body))
	h.must(err)
	for name, value := range map[string]string{"Authorization": "Bearer " + h.liveKey, "Content-Type": "application/json", "Idempotency-Key": "refused"} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	h.must(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	h.must(err)
	if err := json.Unmarshal(answer, &p); err != nil {
		h.t.Fatalf("%s: %v", answer, err)
	}
	return p
}

// A refusal says which member of the body is meant, what it was, and what would be right.
func TestRefusalsSayWhatToWrite(t *testing.T) {
	h := newHouse(t)
	const item = `"item":{"sku":"a","title":"A"},"currency":"USD"`
	for _, test := range []struct {
		path, body    string
		code          token.Code
		field, detail string
		params        web.Params
	}{
		{"/v1/orders", `{` + item + `,"price":1.5}`, token.CodeMalformed, "/price",
			`price is a string: write "1.50", not the number 1.5`, web.Params{"right": "1.50", "got": "1.5"}},
		{"/v1/orders", `{` + item + `,"price":300}`, token.CodeMalformed, "/price",
			`price is a string: write "300", not the number 300`, web.Params{"right": "300", "got": "300"}},
		{"/v1/orders", `{` + item + `,"price":"1,50"}`, token.CodeAmountInvalid, "/price",
			`price: "1,50" is not an amount; write a decimal like 0.25, with at most six decimals`, web.Params{"got": "1,50"}},
		{"/v1/orders", `{` + item + `,"price":"0"}`, token.CodeAmountInvalid, "/price", "price: the amount must be more than zero", nil},
		{"/v1/orders", `{` + item + `,"price":"1","return_url":"https://evil.example/a?b=c"}`, token.CodeURLNotAllowed, "/return_url",
			"return_url: https://evil.example/a?b=c does not lie in a site that the shop registered; its sites are " + shopURL + "/",
			web.Params{"url": "https://evil.example/a?b=c", "sites": []any{shopURL + "/"}}},
		{"/v1/orders", `{` + item + `,"price":"1","return_url":"ftp://shop.example/"}`, token.CodeURLNotAllowed, "/return_url",
			`return_url: a url begins with https:// (or http://localhost), unlike "ftp://shop.example/"`, web.Params{"got": "ftp://shop.example/"}},
		{"/v1/orders", `{"offer":"off_1"}`, token.CodeIDInvalid, "/offer",
			`offer: "off_1" is not an id of the kind that belongs here, which looks like off_ and 26 characters`, web.Params{"got": "off_1", "prefix": "off"}},
		{"/v1/orders", `{"item":{"title":"A","sku":5}}`, token.CodeMalformed, "/item/sku", `item.sku is a string: write "5", not the number 5`, web.Params{"right": "5", "got": "5"}},
		{"/v1/orders", `{"item":{"title":"A","times":1.5}}`, token.CodeMalformed, "/item/times", "item.times is a whole number that is not too large, not 1.5", web.Params{"got": "1.5"}},
		{"/v1/orders", `{"item":{"title":"A","expires_at":"tomorrow"}}`, token.CodeMalformed, "/item/expires_at", `item.expires_at is a time; write it like "2026-12-31T23:59:59Z"`, nil},
		{"/v1/orders", `{"item":["A"]}`, token.CodeMalformed, "/item", "item is an object, not a list; see /docs for its form", web.Params{"wanted": "an_object", "got": "a_list"}},
		{"/v1/orders", `{"item":{"titel":"A"}}`, token.CodeMalformed, "/item", `there is no field "item.titel"`, web.Params{"got": "item.titel"}},
		{"/v1/orders", `{"item":{"sku":"a","title":"A","times":-1},"price":"1","currency":"USD"}`, token.CodeFieldInvalid, "/item/times",
			"item.times is a number from 0 to 1,000,000, not -1", web.Params{"most": 1e6, "got": -1.0}},
		{"/v1/orders", `{"item":{"sku":"` + strings.Repeat("x", 201) + `","title":"A"},"price":"1","currency":"USD"}`, token.CodeFieldInvalid, "/item/sku",
			"item.sku has at most 200 characters, not 201", web.Params{"most": 200.0, "got": 201.0}},
		{"/v1/orders", `{"item":{"sku":"a","title":"A"},"price":"1","currency":"usd"}`, token.CodeCurrencyInvalid, "/currency",
			`currency: "usd" is not a currency; write an ISO 4217 code of three capital letters, such as "USD"`, web.Params{"got": "usd"}},
		{"/v1/splits", `{"name":"A","shares":[{"payee":"` + token.PayeeID{1}.String() + `","percent":"12,5"}]}`, token.CodeFieldInvalid, "/shares/0/percent",
			`shares.0.percent: "12,5" is not a percentage; write it like "12.5", with at most four decimals`, web.Params{"got": "12,5"}},
		{"/v1/purchases/batch", `{"purchases":[]}`, token.CodeFieldInvalid, "/purchases", "purchases is a list of 1 to 1000, not of 0", web.Params{"most": 1000.0, "got": 0.0}},
		{"/v1/orders", `{"price":"` + strings.Repeat("9é\u0007", 90) + `"}`, token.CodeMalformed, "", "the body is not well-formed JSON", nil},
	} {
		got := h.problem(test.path, test.body)
		if got.Code != string(test.code) || got.Field != test.field || got.Detail != test.detail || !reflect.DeepEqual(got.Params, test.params) {
			t.Errorf("%s\n gets %s %q %v\n     %s\nwants %s %q %v\n     %s", test.body, got.Code, got.Field, got.Params, got.Detail, test.code, test.field, test.params, test.detail)
		}
	}
	long := h.problem("/v1/orders", `{`+item+`,"price":"`+strings.Repeat("9é", 90)+`"}`)
	if given, _ := long.Params["got"].(string); len(given) > token.MaxGiven+len("…") || !strings.HasSuffix(given, "…") {
		t.Errorf("a long value is repeated as %q", given)
	}
}

// The client of the public package hands on what a refusal names, of a batch too.
func TestClientKnowsTheFieldAndTheParameters(t *testing.T) {
	h := newHouse(t)
	_, err := h.live.CreateOrder(t.Context(), sdk.NewOrder{Item: &sdk.Item{SKU: "a", Title: "A"}, Price: "1,50", Currency: "USD"})
	p, ok := errors.AsType[*sdk.Problem](err)
	if !ok || p.Field != "/price" || p.Params["got"] != "1,50" {
		t.Errorf("the refusal is %+v", err)
	}
	results, err := h.live.CreatePurchaseBatch(t.Context(), []sdk.BatchedPurchase{
		{NewPurchase: sdk.NewPurchase{Reader: token.ReaderID{1}.String(), Offer: token.OfferID{1}.String()}},
		{NewPurchase: sdk.NewPurchase{Reader: "rdr_1", Offer: token.OfferID{1}.String()}},
	})
	h.must(err)
	if p, ok := errors.AsType[*sdk.Problem](results[1].Err); !ok || p.Field != "/purchases/1/reader" || p.Params["got"] != "rdr_1" {
		t.Errorf("the refusal of the second purchase is %+v", results[1].Err)
	}
}
