package worker

import (
	"context"
	"log/slog"
	"time"
)

// Task is what is done again and again. What fails is tried again at the next tick.
type Task struct {
	Do     func(ctx context.Context) error // all that is due, or a bounded part of it
	Failed string                          // what the log says where it fails
	AtEnd  bool                            // whether it is done once more when ctx has ended
	Log    *slog.Logger
}

// Run does the task at each tick, until ctx ends.
func (t *Task) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			if t.AtEnd {
				t.do(context.WithoutCancel(ctx))
			}
			return
		case <-ticks:
			t.do(ctx)
		}
	}
}

func (t *Task) do(ctx context.Context) {
	if err := t.Do(ctx); err != nil && ctx.Err() == nil {
		t.Log.ErrorContext(ctx, t.Failed+"; trying again", "error", err)
	}
}
