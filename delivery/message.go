package delivery

import (
	"context"
	"errors"
	"time"

	"farthing.dev/farthing/token"
)

// Kind is what a message is. It says who sends it, and how.
type Kind string

// The kinds of messages.
const (
	Mail   Kind = "mail"   // an e-mail; the payload is sealed
	Logout Kind = "logout" // a vendor's site is told that a login ended; the id names the grant
)

// KeepDead is how long a dead letter is kept.
const KeepDead = 7 * 24 * time.Hour

// MaxWhy bounds the reason of a failure that is kept, in bytes.
const MaxWhy = 200

// Why a message is a dead letter that was not tried again because its time was over.
const Expired = "it expired before it could be delivered"

// What a sender says by its errors. Any other error means that the receiver cannot be
// reached or does not work: all that it is to get waits.
var (
	// ErrRefused is in the chain of an error that trying again cannot help.
	ErrRefused = errors.New("the receiver refused the message")
	// ErrThisOne is in the chain of an error of this message only: its receiver works.
	ErrThisOne = errors.New("the receiver did not take this message")
)

// Message is something to be delivered. Times are in milliseconds since 1970.
type Message struct {
	ID       token.DeliveryID
	Kind     Kind
	Receiver string // whose turn it takes: a mail domain, the address of a site
	// Payload is what is sent, or made into it. It is sealed if it holds secrets or personal
	// data, and empty if the id says everything.
	Payload   []byte
	CreatedAt int64
	Due       int64
	Expires   int64 // from then on it is pointless; 0 after that
	Attempts  int64 // begun so far
	Claim     int64 // the number of the claim it was taken by
}

// Dead is a dead letter, without what it said.
type Dead struct {
	Message
	At  int64  // when it was given up
	Why string // what was wrong the last time
}

// Ask is what a round wants of the queue.
type Ask struct {
	Kind      Kind
	Now       int64
	Until     int64 // when the claims end
	Receivers int   // at most so many
	Each      int   // messages of one receiver, at most; one, if it failed the last time
}

// Batch is what one receiver gets in one round.
type Batch struct {
	Kind     Kind
	Receiver string
	Claim    int64 // of the receiver
	Until    int64 // when it ends, and those of the messages
	Failures int64 // in a row, of the receiver, before this
	Messages []Message
}

// Standing is how a receiver stands after a batch.
type Standing struct {
	Now      int64
	Failures int64
	Blocked  int64 // until then it gets nothing
}

// Count is how much there is of a kind.
type Count struct {
	Waiting int64
	Oldest  int64 // when the oldest that waits was made; 0 for none
	Dead    int64
}

// Store keeps messages. The marks of a message (DeliveryDone, PostponeDelivery,
// BuryDelivery) do nothing, and report false, if the message is not claimed by the number
// it has: another process has it now, or it is gone.
type Store interface {
	// Enqueue adds messages. One whose id is there already is left as it is.
	Enqueue(ctx context.Context, messages ...Message) error
	// ClaimDeliveries takes due messages of receivers that are due, for this caller alone
	// until the claims end. It counts an attempt of each. What it costs depends on what it takes,
	// not on what waits.
	ClaimDeliveries(ctx context.Context, ask Ask) ([]Batch, error)
	// DeliveryDone forgets a message: it was delivered.
	DeliveryDone(ctx context.Context, m Message) (mine bool, err error)
	// PostponeDelivery has a message wait until a time.
	PostponeDelivery(ctx context.Context, m Message, due int64, why string) (mine bool, err error)
	// BuryDelivery makes a message a dead letter. Where forGood is set, what it says is
	// erased, and it cannot be tried again.
	BuryDelivery(ctx context.Context, m Message, at int64, why string, forGood bool) (mine bool, err error)
	// ReleaseReceiver ends the claim on a receiver, if it still is this one.
	ReleaseReceiver(ctx context.Context, b Batch, s Standing) error
	// ExpireDeliveries makes up to limit messages whose time is over dead letters, and erases
	// what they and older dead letters say. It returns those that were alive.
	ExpireDeliveries(ctx context.Context, now int64, limit int) ([]Message, error)
	// CountDeliveries counts them by kind.
	CountDeliveries(ctx context.Context) (map[Kind]Count, error)
	// DeadDeliveries returns a page of dead letters, newest message first, below the id
	// `before` (zero: from the newest).
	DeadDeliveries(ctx context.Context, before token.DeliveryID, limit int) ([]Dead, error)
	// DropDeadDeliveries deletes the dead letters from before a time.
	DropDeadDeliveries(ctx context.Context, before int64) error
}
