package bench

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// request and answer are the JSON of a purchase, for handlers that others are
// compared with.
type request struct {
	Reader   token.ReaderID `json:"reader"`
	Offer    token.OfferID  `json:"offer"`
	Tracking string         `json:"tracking,omitzero"`
}

type answer struct {
	ID            token.OrderID  `json:"id"`
	Status        string         `json:"status"`
	Price         string         `json:"price"`
	Currency      token.Currency `json:"currency"`
	Item          answerItem     `json:"item"`
	Offer         token.OfferID  `json:"offer"`
	Split         token.SplitID  `json:"split"`
	SplitVersion  uint32         `json:"split_version"`
	Capture       string         `json:"capture"`
	Login         string         `json:"login"`
	Authorisation string         `json:"authorisation"`
	Reader        token.ReaderID `json:"reader"`
	Test          bool           `json:"test"`
	CreatedAt     time.Time      `json:"created_at"`
	PaidAt        time.Time      `json:"paid_at"`
	Charged       string         `json:"charged"`
	Net           string         `json:"net"`
	Fee           string         `json:"fee"`
	Royalties     []answerLine   `json:"royalties"`
	Entitlement   answerRight    `json:"entitlement"`
}

type answerItem struct {
	SKU   string `json:"sku"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

type answerLine struct {
	Payee  token.PayeeID `json:"payee"`
	Amount string        `json:"amount"`
}

type answerRight struct {
	ViewsUsed uint32 `json:"views_used"`
	Usable    bool   `json:"usable"`
}

// work is what a handler does between reading a request and writing the answer.
type work func(r *http.Request, vendor int, in request, division royalty.Division) (token.OrderID, error)

// comparison is a plain net/http handler: it checks the key, reads the JSON of a purchase
// strictly, divides the price, writes the JSON of an answer of the same size, and does some work in
// between.
type comparison struct {
	w       *Workload
	keys    map[[32]byte]int // vendors by the hash of their keys
	offers  map[token.OfferID]int
	work    work
	buffers sync.Pool
}

func newComparison(w *Workload, work work) *http.ServeMux {
	c := &comparison{w: w, keys: map[[32]byte]int{}, offers: map[token.OfferID]int{}, work: work}
	for vendor := range w.Vendors {
		c.keys[sha256.Sum256([]byte(w.Bearer(vendor)))] = vendor
		for offer := range w.Offers {
			c.offers[w.Offer(vendor, offer)] = offer
		}
	}
	c.buffers.New = func() any { return new(bytes.Buffer) }
	mux := http.NewServeMux()
	mux.Handle("POST /v1/purchases", c)
	return mux
}

// Empty returns the handler that does nothing in between.
func Empty(w *Workload, ids *token.Maker) http.Handler {
	return newComparison(w, func(*http.Request, int, request, royalty.Division) (token.OrderID, error) {
		return token.NewID[token.OrderKind](ids), nil
	})
}

func (c *comparison) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bearer, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	vendor, known := c.keys[sha256.Sum256([]byte(bearer))]
	if !found || !known || r.Header.Get("Idempotency-Key") == "" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer c.buffers.Put(buffer)
	buffer.Reset()
	var in request
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, 64<<10)); err != nil || json.Unmarshal(buffer.Bytes(), &in, json.RejectUnknownMembers(true)) != nil {
		http.Error(w, "this cannot be read", http.StatusBadRequest)
		return
	}
	number := c.offers[in.Offer]
	price, split := c.w.Price(vendor, number), c.w.Split(vendor)
	division := royalty.Divide(price, c.w.Fee(), &split, nil)
	order, err := c.work(r, vendor, in, division)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	now := time.Now().UTC()
	out := answer{
		ID: order, Status: "paid", Price: price.Decimal(2), Currency: c.w.Currency(), Offer: in.Offer, Split: split.ID, SplitVersion: 1,
		Item:    answerItem{SKU: c.w.SKU(number), Title: "Item " + strconv.Itoa(number), URL: "https://vendor.example/" + c.w.SKU(number)},
		Capture: "automatic", Login: "bench", Authorisation: "0123ABCD", Reader: in.Reader, CreatedAt: now, PaidAt: now,
		Charged: price.Decimal(2), Net: division.Net.Decimal(2), Fee: division.Fee.Decimal(2), Entitlement: answerRight{Usable: true},
	}
	for _, line := range division.Lines {
		out.Royalties = append(out.Royalties, answerLine{Payee: line.Payee, Amount: line.Amount.Decimal(2)})
	}
	buffer.Reset()
	if err := json.MarshalWrite(buffer, &out); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(buffer.Len()))
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(buffer.Bytes())
}
