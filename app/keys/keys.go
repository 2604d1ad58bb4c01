package keys

import (
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// Deps is what Keys are made of.
type Deps struct {
	Catalog Catalog
	Tickets keyring.TicketStore
	Signing keyring.Store
	Clock   token.Clock
	Deriver *Deriver
	Random  *Random
	Alone   bool // no other process makes keys
}

// Keys signs, seals tickets, and turns its keys as time demands. It is safe for concurrent
// use.
type Keys struct {
	catalog Catalog
	clock   token.Clock
	deriver *Deriver
	random  *Random
	signing *signingKeys
	tickets *ticketKeys
}

// New makes Keys. It reads nothing yet.
func New(d Deps) *Keys {
	return &Keys{
		catalog: d.Catalog, clock: d.Clock, deriver: d.Deriver, random: d.Random,
		signing: newSigningKeys(d.Signing, d.Clock, d.Deriver, d.Random),
		tickets: newTicketKeys(d.Tickets, d.Deriver, d.Random, d.Clock, d.Alone),
	}
}
