package storetest

import (
	"testing"

	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

func testSecurityEvents(t *testing.T, s *shelf) {
	vendor, user := token.NewID[token.VendorKind](s.ids), token.NewID[token.UserKind](s.ids)
	event := func(at int64, v token.VendorID, u token.UserID) security.Event {
		return security.Event{
			ID: token.NewID[token.EventKind](s.ids), At: at, Code: token.CodeTicketUsed, Vendor: v, User: u,
			Order: token.NewID[token.OrderKind](s.ids), Detail: "Früh, \"twice\"", Times: 3,
		}
	}
	both, of, at, nobody := event(10, vendor, user), event(20, token.VendorID{}, user), event(30, vendor, token.UserID{}), event(40, token.VendorID{}, token.UserID{})
	must(t, s.AddEvents(t.Context(), []security.Event{both, of}))
	must(t, s.AddEvents(t.Context(), []security.Event{at, nobody}))
	must(t, s.AddEvents(t.Context(), nil))

	found, err := s.EventsOfUser(t.Context(), user, token.EventID{}, 10)
	same(t, found, err, []security.Event{of, both})
	found, err = s.EventsOfUser(t.Context(), user, token.EventID{}, 1)
	same(t, found, err, []security.Event{of})
	found, err = s.EventsOfUser(t.Context(), user, of.ID, 10)
	same(t, found, err, []security.Event{both})
	found, err = s.EventsOfVendor(t.Context(), vendor, token.EventID{}, 10)
	same(t, found, err, []security.Event{at, both})
	found, err = s.EventsOfVendor(t.Context(), vendor, at.ID, 10)
	same(t, found, err, []security.Event{both})

	fresh := event(50, vendor, user)
	both.Times = 5 // it was written, the answer was lost, and it happened twice more
	for range 2 {
		must(t, s.AddEvents(t.Context(), []security.Event{both, fresh}))
	}
	found, err = s.EventsOfVendor(t.Context(), vendor, token.EventID{}, 10)
	same(t, found, err, []security.Event{fresh, at, both})

	must(t, s.DropEventsBefore(t.Context(), 20))
	found, err = s.EventsOfUser(t.Context(), user, token.EventID{}, 10)
	same(t, found, err, []security.Event{fresh, of})
}
