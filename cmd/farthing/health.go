package main

import (
	"context"

	"farthing.dev/farthing/app"
)

// health is what operators see of the provider's parts.
func (p *provider) health(context.Context) app.Health {
	h := app.Health{Version: version(), Database: p.db.Dialect(), Mail: p.post.state(), Head: p.engine.Head()}
	if p.db.Shared() {
		h.Database += ", shared by replicas"
	}
	for _, problem := range p.engine.Problems() {
		h.Problems = append(h.Problems, app.Problem(problem))
	}
	return h
}
