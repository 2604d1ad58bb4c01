package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"farthing.dev/farthing/edge/openid"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/edge/wellknown"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/worker"
)

// logoutsEvery is how often vendors' sites are told of logins that ended.
const logoutsEvery = time.Second

// openOpenID makes the part by which readers log in at vendors' sites.
func (p *provider) openOpenID(c config, site *web.Site, clock token.Clock) (err error) {
	slog.SetDefault(slog.New(faultsOnly{p.log.Handler()}))
	p.openID, err = openid.New(openid.Config{
		Site: site, App: p.app, Clock: clock, Issuer: c.baseURL, Keys: wellknown.KeysPath, Random: rand.Reader,
		Outbound: p.outbound,
	})
	return err
}

// workLogouts starts the worker that tells vendors' sites of logouts.
func (p *provider) workLogouts(ctx context.Context) {
	ticker := time.NewTicker(logoutsEvery)
	logouts := &worker.Logouts{Tell: func(ctx context.Context) error { return p.app.Logouts(ctx, p.openID.TellLogout) }, Log: p.log}
	p.workers.Go(func() {
		defer ticker.Stop()
		logouts.Run(ctx, ticker.C)
	})
}

// faultsOnly is the default logger, which the library writes to: it would log each
// refusal with the addresses and states that vendors' sites sent. What is to be known of
// refusals is in the security log.
type faultsOnly struct{ slog.Handler }

// Enabled implements slog.Handler.
func (f faultsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && f.Handler.Enabled(ctx, level)
}
