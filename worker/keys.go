package worker

import (
	"context"
	"log/slog"
	"time"
)

// Keys makes keys before they are needed and destroys them when their time is over.
type Keys struct {
	Turn func(ctx context.Context) error // all that is due
	Log  *slog.Logger
}

// Run looks at each tick, until ctx ends.
func (k *Keys) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			if err := k.Turn(ctx); err != nil && ctx.Err() == nil {
				k.Log.WarnContext(ctx, "keys could not be turned; trying again", "error", err)
			}
		}
	}
}
