package worker

import (
	"context"
	"log/slog"
	"time"
)

// Logouts tells vendors' sites of logins that ended.
type Logouts struct {
	Tell func(ctx context.Context) error // one bounded round
	Log  *slog.Logger
}

// Run looks at each tick, until ctx ends. What could not be told is tried again.
func (l *Logouts) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			if err := l.Tell(ctx); err != nil && ctx.Err() == nil {
				l.Log.ErrorContext(ctx, "logouts could not be told; trying again", "error", err)
			}
		}
	}
}
