package pace

import (
	"log/slog"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// Pace counts what strangers try, for all replicas together. It is safe for concurrent use.
type Pace struct {
	counts *counts
	clock  token.Clock
	log    *slog.Logger
}

// New returns a Pace that counts in store, under a key of its own.
func New(store account.Tries, deriver *keys.Deriver, clock token.Clock, log *slog.Logger) *Pace {
	return &Pace{counts: newCounts(store, deriver), clock: clock, log: log}
}
