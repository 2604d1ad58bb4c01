package wallet

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// buttonScript is the web component <farthing-button>, our own, without dependencies.
//
//go:embed button/farthing-button.js
var buttonScript []byte

// ButtonVersion names the content of the script. A page that asks for the script with
// it, as "/farthing-button.js?v=…", may keep it for ever.
func ButtonVersion() string {
	sum := sha256.Sum256(buttonScript)
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// button is GET /farthing-button.js, for pages of all vendors.
func (h *Handler) button(w http.ResponseWriter, r *http.Request) {
	head, version := w.Header(), ButtonVersion()
	openToAll(head)
	head.Set("Content-Type", "text/javascript; charset=utf-8")
	head.Set("ETag", strconv.Quote(version))
	head.Set("Cache-Control", "public, max-age=3600, stale-while-revalidate=86400")
	if r.URL.Query().Get("v") == version {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(buttonScript))
}

// priceTag is what everybody may know of an offer who has its id: what the page that
// asks says too.
type priceTag struct {
	Offer    token.OfferID  `json:"offer"`
	Title    string         `json:"title"`
	Price    string         `json:"price"` // in major units
	Currency token.Currency `json:"currency"`
}

// priceKept is how long browsers may keep a price, in seconds. The page that asks
// shows the present one.
const priceKept = 60

// price is GET /buy/{offer}/price, for scripts of all vendors. It takes no login.
func (h *Handler) price(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	openToAll(head)
	id, err := offerID(r)
	if err == nil {
		err = h.writePrice(w, r, id)
	}
	if err != nil {
		problem := web.NewProblem(err, text.Of(r))
		problem.Instance = r.URL.Path
		problem.Write(w, h.clock.Now())
	}
}

func (h *Handler) writePrice(w http.ResponseWriter, r *http.Request, id token.OfferID) error {
	found, err := h.app.Price(r.Context(), id)
	if err != nil {
		return err
	}
	body, err := json.Marshal(priceTag{Offer: found.Offer, Title: found.Title, Price: found.Amount.Decimal(found.Currency.Digits()), Currency: found.Currency})
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "public, max-age="+strconv.Itoa(priceKept))
	w.Write(body)
	return nil
}

// openToAll lets pages of other sites read an answer. It holds nothing of anybody, and
// browsers read it without cookies.
func openToAll(head http.Header) {
	head.Set("Access-Control-Allow-Origin", "*")
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
}
