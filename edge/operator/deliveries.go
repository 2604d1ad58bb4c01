package operator

import (
	"context"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// deliveries is what the page of messages that were given up needs.
type deliveries interface {
	DeadLetters(ctx context.Context, by caller.Actor, before string, limit int) ([]operating.DeadLetter, string, error)
	RetryDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error
	DropDelivery(ctx context.Context, by caller.Actor, id token.DeliveryID) error
}

// deliveriesHome is where the page stands.
const deliveriesHome = "/operator/deliveries"

func (h *Handler) deliveries(v visit) error { return h.showDeliveries(v, http.StatusOK, "") }

func (h *Handler) showDeliveries(v visit, status int, refusal string) error {
	before := v.r.URL.Query().Get("before")
	found, next, err := h.app.DeadLetters(v.r.Context(), v.by, before, pageSize)
	if err != nil {
		return err
	}
	f := frame{Tab: "deliveries", Refusal: refusal, Next: next, Back: before != "", Part: found}
	return h.show(v, status, "deliveries.html", "Deliveries", f)
}

// changeDelivery has a message be tried again, or deleted.
func (h *Handler) changeDelivery(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	change := h.app.RetryDelivery
	if v.r.PostForm.Get("do") == "drop" {
		change = h.app.DropDelivery
	}
	id, err := token.ParseID[token.DeliveryKind](v.r.PostForm.Get("delivery"))
	if err == nil {
		err = change(v.r.Context(), v.by, id)
	}
	if code := token.CodeOf(err); code == token.CodeNotFound || code == token.CodeIDInvalid {
		return h.showDeliveries(v, http.StatusNotFound, "This message is not here any more.")
	}
	if err != nil {
		sentence, correctable := web.Explain(v.r, err)
		if !correctable {
			return err
		}
		return h.showDeliveries(v, web.StatusOf(err), sentence)
	}
	http.Redirect(v.w, v.r, deliveriesHome, http.StatusSeeOther)
	return nil
}
