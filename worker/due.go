package worker

import (
	"context"
	"log/slog"
	"time"
)

// Due does what falls due: holds that nobody captured in time, incentive tokens that expire.
type Due struct {
	Do  func(ctx context.Context) (done int, err error) // one bounded round
	Log *slog.Logger
}

// maxRounds bounds how often one tick looks for more.
const maxRounds = 100

// Run looks at each tick, until ctx ends. A round that fails is tried again at the
// next tick, so nothing is lost while the database is away.
func (d *Due) Run(ctx context.Context, ticks <-chan time.Time) {
	rounds := Task{Do: d.rounds, Failed: "what has fallen due could not be done", Log: d.Log}
	rounds.Run(ctx, ticks)
}

// rounds go on as long as there was something to do.
func (d *Due) rounds(ctx context.Context) error {
	for range maxRounds {
		done, err := d.Do(ctx)
		if err != nil || done == 0 {
			return err
		}
		d.Log.InfoContext(ctx, "what fell due was done", "count", done)
	}
	return nil
}
