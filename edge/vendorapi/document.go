package vendorapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

const refSchemas = "#/components/schemas/"

// newDocument returns the OpenAPI document without any operations.
func newDocument() *huma.OpenAPI {
	registry := huma.NewMapRegistry(refSchemas, huma.DefaultSchemaNamer)
	registry.Schema(reflect.TypeFor[web.Problem](), true, "")
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Farthing vendor API", Version: "1.0.0",
			Description: "Sell articles, songs and calls for cents, from your server to the provider's. Amounts are decimal strings of major units, times are RFC 3339.",
		},
		Servers:  []*huma.Server{{URL: "/"}},
		Security: []map[string][]string{{"key": {}}},
		Tags: []*huma.Tag{
			{Name: "Orders", Description: "An order is one transaction: created by your server, paid by the reader at pay_url, then viewed, captured or refunded."},
			{Name: "Tickets", Description: "A ticket is what the reader's browser brings back from the provider: the proof, for your eyes and one use only, that an order is paid."},
			{Name: "Purchases", Description: "Sales without a browser, under an allowance that the reader gave you."},
			{Name: "Offers", Description: "An offer is an item at a price, kept here so that orders and purchases need only name it."},
			{Name: "Splits", Description: "A split divides a price among payees. It never changes: a change is a new version, and each sale keeps its own."},
			{Name: "Payees", Description: "Payees are authors, publishers and other owners of rights."},
			{Name: "Sites", Description: "A site is an address to which browsers may be sent back."},
			{Name: "Campaigns", Description: "A campaign gives readers incentive tokens, spent before any others."},
			{Name: "Earnings", Description: "What sales brought, posting by posting and in sum."},
			{Name: "Me", Description: "The key itself."},
			{Name: "Operator", Description: "For those who run the provider: with an operator's key, and with no vendor's."},
		},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"key":      {Type: "http", Scheme: "bearer", Description: "A key from the console: fk_live_…, or fk_test_… for the sandbox"},
				"operator": {Type: "http", Scheme: "bearer", Description: "A key of the provider's own, made by farthing operator key: fk_operator_…"},
			},
			Parameters: map[string]*huma.Param{
				"IdempotencyKey": {Name: "Idempotency-Key", In: "header", Required: true,
					Description: "New for each thing you do; the same when you try it again. The answer to a repeat is the first one, with the header Idempotent-Replayed: true.",
					Schema:      &huma.Schema{Type: huma.TypeString, MinLength: ref(1), MaxLength: ref(255), Pattern: "^[!-~]+$"}},
				"Limit": {Name: "limit", In: "query", Description: "How many to list",
					Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: ref(1.0), Maximum: ref(float64(maxLimit)), Default: defaultLimit}},
				"Cursor": {Name: "cursor", In: "query", Description: "The next_cursor of the page before",
					Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ref(maxCursor)}},
			},
		},
	}
}

func ref[T any](value T) *T { return &value }

// describe adds an operation to the document.
func describe[In, Out any](document *huma.OpenAPI, o operation) {
	registry := document.Components.Schemas
	d := &huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag}, Summary: o.summary, Description: o.explain,
		Responses: map[string]*huma.Response{},
	}
	if o.operator {
		d.Security = []map[string][]string{{"operator": {}}}
	}
	if kind, found := strings.CutPrefix(o.path, "/v1/"); found && strings.Contains(o.path, "{id}") {
		kind, _, _ = strings.Cut(kind, "/")
		d.Parameters = append(d.Parameters, &huma.Param{Name: "id", In: "path", Required: true,
			Description: "The id of one of your " + kind, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	if strings.Contains(o.path, "{reader}") {
		d.Parameters = append(d.Parameters, &huma.Param{Name: "reader", In: "path", Required: true,
			Description: "Your pseudonym of a reader", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	if strings.Contains(o.path, "{request}") {
		d.Parameters = append(d.Parameters, &huma.Param{Name: "request", In: "path", Required: true,
			Description: "The number of a request", Schema: &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9]+$"}})
	}
	for _, f := range o.filters {
		d.Parameters = append(d.Parameters, &huma.Param{Name: f.name, In: "query", Description: f.explain, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	if o.list {
		d.Parameters = append(d.Parameters, &huma.Param{Ref: "#/components/parameters/Limit"}, &huma.Param{Ref: "#/components/parameters/Cursor"})
	}
	if o.method == http.MethodPost {
		if !o.keyless {
			d.Parameters = append(d.Parameters, &huma.Param{Ref: "#/components/parameters/IdempotencyKey"})
		}
		d.RequestBody = &huma.RequestBody{Required: true, Content: content("application/json", registry.Schema(reflect.TypeFor[In](), true, ""))}
	}
	success := &huma.Response{Description: http.StatusText(o.status), Content: content("application/json", registry.Schema(reflect.TypeFor[Out](), true, ""))}
	if o.method == http.MethodPost && !o.keyless {
		success.Headers = map[string]*huma.Param{"Idempotent-Replayed": {Description: "true where this is the answer to an earlier request", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"true"}}}}
	}
	d.Responses[strconv.Itoa(o.status)] = success
	if o.id == "createPurchase" {
		d.Responses["200"] = &huma.Response{Description: "The reader owned it already, and was not charged", Content: success.Content, Headers: success.Headers}
	}
	if o.id == "createOperatorDeposit" {
		d.Responses["202"] = &huma.Response{Description: "Nothing was credited yet: request waits for a second person", Content: success.Content, Headers: success.Headers}
	}
	describeRefusals(d, o.codes())
	document.AddOperation(d)
}

// describeRefusals adds a response for each status that the codes come with.
func describeRefusals(d *huma.Operation, codes []token.Code) {
	byStatus := map[int][]string{}
	for _, r := range reasons() {
		if slices.Contains(codes, r.Code) {
			byStatus[r.Status] = append(byStatus[r.Status], string(r.Code))
		}
	}
	for status, names := range byStatus {
		d.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(names, ", "),
			Content:     content("application/problem+json", &huma.Schema{Ref: refSchemas + "Problem"}),
		}
	}
}

func content(kind string, schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{kind: {Schema: schema}}
}

// addDocument serves the document to programs and people. It needs no key.
func (a *api) addDocument() {
	document, err := json.MarshalIndent(a.document, "", "  ")
	if err != nil {
		panic(err) // of our own declarations; any test would meet it
	}
	guide := renderGuide(a.document)
	a.serve("/openapi.json", "application/json", "", document)
	a.serve("/docs", "text/html; charset=utf-8", guide.policy, guide.page)
}

func (a *api) serve(path, kind, policy string, body []byte) {
	a.methods[path] = []string{http.MethodGet}
	a.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("Referrer-Policy", "no-referrer")
		if policy != "" {
			h.Set("Content-Security-Policy", policy)
		}
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			w.Write(body)
		}
	})
}
