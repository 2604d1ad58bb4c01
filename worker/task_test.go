package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"farthing.dev/farthing/worker"
)

func TestATaskIsDoneAtEachTickAlsoAfterAFailure(t *testing.T) {
	for _, atEnd := range []bool{false, true} {
		done := make(chan int, 4)
		count := 0
		task := &worker.Task{AtEnd: atEnd, Log: slog.New(slog.DiscardHandler), Do: func(ctx context.Context) error {
			count++
			if ctx.Err() != nil {
				t.Error("done with a context that has ended")
			}
			done <- count
			return errors.New("database away")
		}}
		ctx, stop := context.WithCancel(t.Context())
		ticks, ended := make(chan time.Time), make(chan struct{})
		go func() { task.Run(ctx, ticks); close(ended) }()
		for i := range 3 {
			ticks <- time.Time{}
			if got := <-done; got != i+1 {
				t.Errorf("tick %d was number %d", i+1, got)
			}
		}
		stop()
		<-ended
		want := 3
		if atEnd {
			want = 4
		}
		if count != want {
			t.Errorf("done %d times, want %d", count, want)
		}
	}
}
