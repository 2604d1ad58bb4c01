package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"farthing.dev/farthing/worker"
)

func TestKeysAreTurnedAtEachTickAlsoAfterAFailure(t *testing.T) {
	turned := make(chan int, 3)
	count := 0
	keys := &worker.Keys{Log: slog.New(slog.DiscardHandler), Turn: func(context.Context) error {
		count++
		turned <- count
		return errors.New("database away")
	}}
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() { keys.Run(ctx, ticks); close(done) }()
	for i := range 3 {
		ticks <- time.Time{}
		if got := <-turned; got != i+1 {
			t.Errorf("turn %d was number %d", i+1, got)
		}
	}
	stop()
	<-done
}
