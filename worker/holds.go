package worker

import (
	"context"
	"log/slog"
	"time"
)

// Holds gives back the holds that nobody captured in time.
type Holds struct {
	Expire func(ctx context.Context) (released int, err error) // one bounded round
	Log    *slog.Logger
}

// maxRounds bounds how often one tick looks for more.
const maxRounds = 100

// Run looks at each tick, until ctx ends. A round that fails is tried again at the
// next tick, so nothing is lost while the database is away.
func (h *Holds) Run(ctx context.Context, ticks <-chan time.Time) {
	rounds := Task{Do: h.rounds, Failed: "expired holds could not be given back", Log: h.Log}
	rounds.Run(ctx, ticks)
}

// rounds go on as long as there was something to give back.
func (h *Holds) rounds(ctx context.Context) error {
	for range maxRounds {
		released, err := h.Expire(ctx)
		if err != nil || released == 0 {
			return err
		}
		h.Log.InfoContext(ctx, "expired holds given back", "holds", released)
	}
	return nil
}
