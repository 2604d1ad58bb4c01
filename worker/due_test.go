package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"farthing.dev/farthing/worker"
)

func TestWhatFallsDueIsDoneUntilNothingIsLeft(t *testing.T) {
	answers := []struct {
		done int
		err  error
	}{{2, nil}, {1, nil}, {0, nil}, {0, errors.New("database away")}, {3, nil}, {0, nil}}
	asked := make(chan int, len(answers))
	calls := 0
	due := &worker.Due{Log: slog.New(slog.DiscardHandler), Do: func(context.Context) (int, error) {
		answer := answers[calls]
		calls++
		asked <- calls
		return answer.done, answer.err
	}}
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() { due.Run(ctx, ticks); close(done) }()
	for range 3 { // the first tick asks three times, the second fails, the third asks twice
		ticks <- time.Time{}
	}
	for range answers {
		<-asked
	}
	stop()
	<-done
	if calls != len(answers) {
		t.Errorf("asked %d times, want %d", calls, len(answers))
	}
}
