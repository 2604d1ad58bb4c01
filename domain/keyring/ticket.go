package keyring

import (
	"context"
	"time"
)

// EpochLength is how long one root key seals new tickets. A ticket lives two minutes,
// so it is opened in its own epoch or the one after; then its key goes.
const EpochLength = 5 * time.Minute

// Epoch numbers the times of root keys.
type Epoch uint32

// EpochAt returns the epoch of a moment.
func EpochAt(at time.Time) Epoch { return Epoch(at.Unix() / int64(EpochLength/time.Second)) }

// Oldest returns the oldest epoch whose key is kept in this one. Those before it are
// destroyed.
func (e Epoch) Oldest() Epoch { return e - min(e, 1) }

// TicketKey is a root key of an epoch as it is stored. An epoch has one, unless replicas
// made theirs while they could not see each other's: then it has several, each of which
// opens the tickets that it sealed.
type TicketKey struct {
	Epoch     Epoch
	ID        string // among those of its epoch
	Sealed    []byte // encrypted under the provider's secret
	CreatedAt int64  // milliseconds since 1970
}

// TicketStore keeps the root keys of tickets for as long as they are needed.
type TicketStore interface {
	// AddTicketKeys adds keys, but for epochs that have one already.
	AddTicketKeys(ctx context.Context, keys []TicketKey) error
	// RestoreTicketKeys adds keys beside whatever there is. Those that are there stay.
	RestoreTicketKeys(ctx context.Context, keys []TicketKey) error
	// Connections counts the connections to the database made so far. All of them break
	// when it crashes, and a crash takes the keys of tickets from it: so where the count
	// has not changed, they are still there.
	Connections() uint64
	// TicketKeys returns the keys of an epoch and those after it, oldest first, at
	// most 64.
	TicketKeys(ctx context.Context, from Epoch) ([]TicketKey, error)
	// DropTicketKeys deletes the keys of epochs before one.
	DropTicketKeys(ctx context.Context, before Epoch) error
	// Scrub has what was deleted leave the database's files too, as far as the
	// database can do that. Where it cannot at the moment, the answer is Unavailable.
	Scrub(ctx context.Context) error
}
