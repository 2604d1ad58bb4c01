package main

import (
	"context"

	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/store"
)

// health is what operators see of the provider's parts.
func (p *provider) health(ctx context.Context) operating.Health {
	h := operating.Health{Version: version(), Database: p.db.Dialect(), Mail: p.post.state(p.queue), Head: p.engine.Head()}
	if p.db.Shared() {
		h.Database += ", shared by replicas"
	}
	for _, problem := range p.engine.Problems() {
		h.Problems = append(h.Problems, operating.Problem(problem))
	}
	all, err := store.Followers(ctx, p.db, h.Head.Seq)
	if err != nil { // what is wrong with the database is a problem of its own
		p.log.WarnContext(ctx, "it cannot be read who follows the journal", "error", err)
	}
	for _, f := range all {
		h.Followers = append(h.Followers, operating.Follower{Name: f.Name, Seq: f.Seq, Lag: f.Lag, Stopped: f.Stopped})
	}
	return h
}
