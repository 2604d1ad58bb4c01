package main

import (
	"context"
	"time"
)

// sessionsEvery is how often it is written down when sessions were used last.
const sessionsEvery = 5 * time.Minute

// keepSessions keeps the sessions in order until ctx ends.
func (p *provider) keepSessions(ctx context.Context) {
	ticker := time.NewTicker(sessionsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := p.app.WriteSessions(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("sessions not written; trying again", "error", err)
		}
	}
}
