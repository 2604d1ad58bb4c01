package app_test

import (
	"database/sql"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/token"
)

// What one replica changes or revokes the others learn at the next tick; a replica that
// does not get to ask takes nothing from memory.
func TestReplicasFollowChanges(t *testing.T) {
	h := open(t, func(d *app.Deps) { d.Alone = false })
	other := app.Compose(h.Deps)
	h.fund(h.reader, usd, "10")
	offer := h.offer(h.live, "o-1", "0.10", entitlement.Terms{}, token.SplitID{})
	in := selling.PurchaseInput{Reader: h.allow(h.reader, h.live, "1", "10"), Offer: offer.ID}
	secret, key, err := h.CreateKey(t.Context(), h.owner, h.vendor.ID, "fast", false)
	must(t, err)

	// sold is for how much the other replica sells.
	sold := func() string {
		t.Helper()
		seller, err := other.Seller(t.Context(), secret)
		must(t, err)
		view, _, err := other.CreatePurchase(t.Context(), seller, in, h.key(), nil)
		must(t, err)
		return view.Price.Decimal(2)
	}
	change := func(price string) {
		t.Helper()
		item := offer.Item
		item.Repeatable = true
		_, _, err := h.ChangeOffer(t.Context(), h.live, offer.ID, offering.OfferInput{Item: item, Price: money(t, price), Currency: usd}, h.key(), nil)
		must(t, err)
	}
	change("0.11")
	want(t, "price before it ever asked", sold(), "0.11")
	change("0.12")
	want(t, "price before it ever asked", sold(), "0.12")

	must(t, other.FollowChanges(t.Context()))
	want(t, "price when it followed", sold(), "0.12")
	before := h.catalog.reads.Load()
	sold()
	want(t, "reads while it follows", h.catalog.reads.Load()-before, 0)

	change("0.13")
	must(t, other.FollowChanges(t.Context()))
	want(t, "price after the next tick", sold(), "0.13")

	change("0.14")
	h.Clock.Move(5 * time.Second)
	want(t, "price where nobody asked for five seconds", sold(), "0.14")

	must(t, other.FollowChanges(t.Context()))
	want(t, "price", sold(), "0.14")
	must(t, h.DB.Write(t.Context(), func(tx *sql.Tx) error { // as an earlier version does it
		_, err := tx.ExecContext(t.Context(), `UPDATE offers SET price = 150000 WHERE id = $1 AND version = 5`, offer.ID.String())
		return err
	}))
	must(t, other.FollowChanges(t.Context()))
	want(t, "price that nobody told of", sold(), "0.14")
	h.Clock.Move(5 * time.Minute)
	must(t, other.FollowChanges(t.Context()))
	want(t, "price that nobody told of, minutes later", sold(), "0.15")

	// Another server takes over, which lacks the newest change, and goes on from there.
	lost := func() {
		t.Helper()
		must(t, h.DB.Write(t.Context(), func(tx *sql.Tx) error {
			for _, statement := range []string{`UPDATE catalog_changes SET seq = seq - 1 WHERE thing = '' AND $1 <> ''`, `UPDATE offers SET price = price + 10000 WHERE id = $1 AND version = 5`} {
				if _, err := tx.ExecContext(t.Context(), statement, offer.ID.String()); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	lost()
	must(t, other.FollowChanges(t.Context()))
	want(t, "price after a change was lost", sold(), "0.16")
	lost()
	_, _, err = h.CreateKey(t.Context(), h.owner, h.vendor.ID, "another", false) // as many changes as before
	must(t, err)
	other.ForgetDatabase()
	want(t, "price when it was told that one was lost", sold(), "0.17")
	must(t, other.FollowChanges(t.Context()))
	want(t, "price when it followed again", sold(), "0.17")
	must(t, h.RevokeKey(t.Context(), h.owner, h.vendor.ID, key.ID))
	must(t, other.FollowChanges(t.Context()))
	_, err = other.Seller(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
}
