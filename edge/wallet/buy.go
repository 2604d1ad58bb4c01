package wallet

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// offers is what the pages need to sell offers to browsers that come from a plain form.
type offers interface {
	OfferCheckout(ctx context.Context, in buying.BuyInput, v *caller.Viewer) (buying.Checkout, error)
	Buy(ctx context.Context, v caller.Viewer, in buying.BuyInput, quoted token.Amount, method journal.ConsentMethod, once string) (returnURL string, err error)
	CheckOrigin(ctx context.Context, id token.OfferID, origin string) error
	SellsAt(ctx context.Context, id token.OfferID, origin string) (bool, error)
	Price(ctx context.Context, id token.OfferID) (buying.Price, error)
}

// maxPath bounds the address of an offer's page, in bytes: logging in on the way to
// it keeps no longer ones.
const maxPath = 2000

// registerOffers adds the pages on which an offer is bought.
//
// A vendor's form posts to /buy/{offer} from the vendor's own site, so the guard
// against foreign requests lets it through. It only opens the page that asks.
func (h *Handler) registerOffers(mux *http.ServeMux) {
	mux.HandleFunc("GET /buy/{offer}", h.site.Public(h.app, h.showOffer))
	mux.HandleFunc("POST /buy/{offer}", h.site.Public(h.app, h.comeToBuy))
	mux.HandleFunc("POST /buy/{offer}/confirm", h.site.Public(h.app, h.buy))
	mux.HandleFunc("GET /buy/{offer}/price", h.price)
	mux.HandleFunc("GET /farthing-button.js", h.button)
	h.site.AllowForeign("POST /buy/{offer}")
}

// comeToBuy is POST /buy/{offer}: a form on the vendor's site. Browsers send no login
// with it, so it leads on to the page, to which they do.
func (h *Handler) comeToBuy(w http.ResponseWriter, r *http.Request, _ *caller.Viewer) error {
	id, err := offerID(r)
	if err != nil {
		return err
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "null" && origin != h.site.Origin() {
		if err := h.app.CheckOrigin(r.Context(), id, origin); err != nil {
			return err
		}
	}
	if err := web.ParseForm(r); err != nil {
		return err
	}
	in := readBuy(id, r.Form)
	if err := checkLength(buyPath(in)); err != nil {
		return err
	}
	// The page must still see which site the browser comes from.
	w.Header().Set("Referrer-Policy", "strict-origin-when-cross-origin")
	http.Redirect(w, r, buyPath(in), http.StatusSeeOther)
	return nil
}

// showOffer is GET /buy/{offer}: the page that asks to buy, or says why not.
func (h *Handler) showOffer(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	id, err := offerID(r)
	if err != nil {
		return err
	}
	if err := checkLength(r.URL.RequestURI()); err != nil {
		return err
	}
	in := readBuy(id, r.URL.Query())
	checkout, err := h.app.OfferCheckout(r.Context(), in, v)
	if err != nil {
		return err
	}
	if v == nil {
		return h.askLogIn(w, r, nil, http.StatusOK, loginView{Next: buyPath(in)})
	}
	if checkout.WithoutAsking && chosen(r) && h.fromVendor(r, id) {
		once, err := h.once()
		if err != nil {
			return err
		}
		back, err := h.app.Buy(r.Context(), *v, checkout.Buy, checkout.Price, journal.ByApproval, once)
		if err == nil {
			web.LeaveTo(w, r, back)
			return nil
		}
		return h.refuseOffer(w, r, v, in, err)
	}
	return h.showBill(w, r, v, checkout, nil)
}

// buy is POST /buy/{offer}/confirm: the click on the button.
func (h *Handler) buy(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	id, err := offerID(r)
	if err != nil {
		return err
	}
	if err := web.ParseForm(r); err != nil {
		return err
	}
	form := r.PostForm
	in := readBuy(id, form)
	quoted, err := token.ParseAmount(form.Get("quoted"))
	if err != nil {
		return err
	}
	if v == nil {
		return h.loggedOut(w, r, buyPath(in))
	}
	checkout, err := h.app.OfferCheckout(r.Context(), in, v)
	if err != nil {
		return err
	}
	back := ""
	if err = h.confirmed(r, *v, checkout); err == nil {
		err = h.allowFirst(r.Context(), *v, checkout, form)
	}
	if err == nil {
		back, err = h.app.Buy(r.Context(), *v, checkout.Buy, quoted, journal.ByClick, form.Get("once"))
	}
	if err != nil {
		return h.refuseOffer(w, r, v, in, err)
	}
	h.buyAtOnce(r, *v, checkout)
	web.LeaveTo(w, r, back)
	return nil
}

// refuseOffer shows the offer as it stands now, with why it was not bought.
func (h *Handler) refuseOffer(w http.ResponseWriter, r *http.Request, v *caller.Viewer, in buying.BuyInput, cause error) error {
	return h.refuse(w, r, v, cause, func() (buying.Checkout, error) { return h.app.OfferCheckout(r.Context(), in, v) })
}

// fromVendor reports whether the browser says that it comes from a site of the
// offer's vendor. Only from there is a click meant for this offer.
func (h *Handler) fromVendor(r *http.Request, id token.OfferID) bool {
	origin := web.Origin(r.Header.Get("Referer"))
	if origin == "" {
		return false
	}
	known, err := h.app.SellsAt(r.Context(), id, origin)
	return err == nil && known
}

// once makes what tells one shown page from the next.
func (h *Handler) once() (string, error) {
	var random [16]byte
	if _, err := io.ReadFull(h.random, random[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(random[:]), nil
}

// buyPath is the page of an offer.
func buyPath(in buying.BuyInput) string {
	path := "/buy/" + in.Offer.String()
	query := url.Values{}
	if in.Tracking != "" {
		query.Set("tracking", in.Tracking)
	}
	if in.Session != "" {
		query.Set("session", in.Session)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// readBuy reads what a form may say beside the offer. Everything else that it says is
// left unread.
func readBuy(id token.OfferID, values url.Values) buying.BuyInput {
	return buying.BuyInput{Offer: id, Tracking: values.Get("tracking"), Session: values.Get("session")}
}

// readBuyPath reads what buyPath wrote.
func readBuyPath(path string) (buying.BuyInput, bool) {
	written, is := strings.CutPrefix(path, "/buy/")
	if !is {
		return buying.BuyInput{}, false
	}
	written, query, _ := strings.Cut(written, "?")
	id, err := token.ParseID[token.OfferKind](written)
	values, queryErr := url.ParseQuery(query)
	return readBuy(id, values), err == nil && queryErr == nil
}

func checkLength(path string) error {
	if len(path) > maxPath {
		return token.Refuse(token.Unprocessable, "field_invalid.sent_along_too_long")
	}
	return nil
}

// offerID reads the offer's id from the path. What is no id names no offer.
func offerID(r *http.Request) (token.OfferID, error) {
	id, err := token.ParseID[token.OfferKind](strings.ToLower(r.PathValue("offer")))
	if err != nil {
		return id, token.Refuse(token.NotFound, "not_found.offer")
	}
	return id, nil
}
