package app_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// openQueued opens a house whose queue waits until it is told to deliver.
func openQueued(t *testing.T) (*house, *provider.Letters) {
	t.Helper()
	post := &provider.Letters{}
	return open(t, func(d *app.Deps) { d.Mailer, d.Queued = post, func(context.Context) {} }), post
}

// waiting are the payloads that wait, by the receiver.
func (h *house) waiting() map[string][][]byte {
	h.t.Helper()
	rows, err := h.DB.SQL().QueryContext(h.t.Context(), `SELECT receiver, payload FROM deliveries ORDER BY id`)
	must(h.t, err)
	defer rows.Close()
	found := map[string][][]byte{}
	for rows.Next() {
		var receiver string
		var payload []byte
		must(h.t, rows.Scan(&receiver, &payload))
		found[receiver] = append(found[receiver], payload)
	}
	must(h.t, rows.Err())
	return found
}

// A letter that is asked for at an address where nobody has a login is enqueued too, as long as
// one for somebody but for her address, and goes nowhere: the answer takes as long, and nobody
// learns from it who has a login.
func TestALetterToNobodyCostsAsMuch(t *testing.T) {
	h, post := openQueued(t)
	for _, email := range []string{"ada@reader.example", "eve@nobody.example"} {
		_, err := h.SendLoginCode(t.Context(), caller.Browser{}, email)
		must(t, err)
		must(t, h.AskReset(t.Context(), caller.Browser{}, email))
	}
	waiting := h.waiting()
	want(t, "letters to somebody", len(waiting["reader.example"]), 2)
	want(t, "letters to nobody", len(waiting["nobody.example"]), 2)
	for i, somebody := range waiting["reader.example"] {
		if nobody := waiting["nobody.example"][i]; len(nobody) != len(somebody)-len("ada@reader.example") {
			t.Errorf("letter %d has %d bytes to somebody and %d to nobody", i, len(somebody), len(nobody))
		}
	}
	h.Queue.Deliver(t.Context())
	want(t, "letters that were sent", len(post.To("ada@reader.example")), 2)
	want(t, "letters to the empty address", len(post.To("")), 0)
	want(t, "what waits", len(h.waiting()), 0)
}

// What waits to be sent can be read by nobody who has the database alone, and not at all
// when it has expired.
func TestMailThatWaitsIsSealedAndErased(t *testing.T) {
	h, post := openQueued(t)
	_, err := h.SendLoginCode(t.Context(), caller.Browser{}, "ada@reader.example")
	must(t, err)
	payload := h.waiting()["reader.example"][0]
	for _, part := range []string{"ada@", "code", "log in"} {
		if strings.Contains(string(payload), part) {
			t.Errorf("%q can be read in the database", part)
		}
	}
	h.Clock.Move(delivery.KeepDead) // longer than a code is good
	h.Queue.Sweep(t.Context())
	want(t, "what is left of it", len(h.waiting()["reader.example"][0]), 0)
	letters, _, err := h.DeadLetters(t.Context(), caller.ByCommand(), "", 10)
	must(t, err)
	want(t, "dead letters", len(letters), 1)
	want(t, "why", letters[0].Why, delivery.Expired)
	wantCode(t, h.RetryDelivery(t.Context(), caller.ByCommand(), letters[0].ID), token.CodeStale)
	h.Queue.Deliver(t.Context())
	want(t, "letters that were sent", len(post.To("ada@reader.example")), 0)
	must(t, h.DropDelivery(t.Context(), caller.ByCommand(), letters[0].ID))
	wantCode(t, h.DropDelivery(t.Context(), caller.ByCommand(), letters[0].ID), token.CodeNotFound)
	acts, _, err := h.StaffLog(t.Context(), caller.ByCommand(), staff.Search{}, "", 10)
	must(t, err)
	want(t, "what the staff log says", acts[0].Action, "delivery_dropped")
}

// A letter has the same name however often it is tried, and one row's letter cannot be put in
// the place of another's.
func TestALetterIsBoundToItsRow(t *testing.T) {
	h, post := openQueued(t)
	for _, email := range []string{"ada@reader.example", "owner@daily.example"} {
		_, err := h.SendLoginCode(t.Context(), caller.Browser{}, email)
		must(t, err)
	}
	must(t, h.DB.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE deliveries SET payload = (SELECT payload FROM deliveries WHERE receiver = 'daily.example') WHERE receiver = 'reader.example'`)
		return err
	}))
	h.Queue.Deliver(t.Context())
	want(t, "letters to the right one", len(post.To("owner@daily.example")), 1)
	want(t, "letters in all", len(post.To("ada@reader.example")), 0)
	if last := post.Last(); !strings.HasPrefix(last.ID, "dlv_") {
		t.Errorf("the letter is named %q", last.ID)
	}
	letters, _, err := h.DeadLetters(t.Context(), caller.ByCommand(), "", 10)
	must(t, err)
	if !slices.ContainsFunc(letters, func(l operating.DeadLetter) bool { return l.Receiver == "reader.example" && !l.CanRetry }) {
		t.Errorf("given up: %+v", letters)
	}
}
