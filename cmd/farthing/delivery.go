package main

import (
	"context"
	"math/rand/v2"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/token"
)

// openQueue makes the queue of what is sent to others. Nothing is sent before it has senders
// and runs.
func (p *provider) openQueue(from delivery.Store, clock token.Clock) {
	p.queue = delivery.New(delivery.Options{Store: from, Clock: clock, Log: p.log, Random: rand.NewPCG(rand.Uint64(), rand.Uint64())})
}

// queued returns what the application calls when it has enqueued something. A demo delivers
// into its outbox at once, so that a code is there when the page asks for it.
func (p *provider) queued(demo bool) func(context.Context) {
	if demo {
		return p.queue.Deliver
	}
	return func(context.Context) { p.queue.Wake() }
}
