package worker

import (
	"context"
	"log/slog"
	"time"
)

// Notes writes the security log behind the requests that it is about.
type Notes struct {
	Write func(ctx context.Context) error // all that waits
	Log   *slog.Logger
}

// Run writes at each tick, and once more when ctx has ended.
func (n *Notes) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			n.write(context.WithoutCancel(ctx))
			return
		case <-ticks:
			n.write(ctx)
		}
	}
}

func (n *Notes) write(ctx context.Context) {
	if err := n.Write(ctx); err != nil && ctx.Err() == nil {
		n.Log.ErrorContext(ctx, "the security log could not be written; trying again", "error", err)
	}
}
