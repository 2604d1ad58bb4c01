package main

import (
	"context"
	"log/slog"

	"farthing.dev/farthing/edge/openid"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/edge/wellknown"
	"farthing.dev/farthing/token"
)

// openOpenID makes the part by which readers log in at vendors' sites.
func (p *provider) openOpenID(c config, site *web.Site, clock token.Clock) (err error) {
	slog.SetDefault(slog.New(faultsOnly{p.log.Handler()}))
	p.openID, err = openid.New(openid.Config{
		Site: site, App: p.app, Clock: clock, Issuer: c.baseURL, Keys: wellknown.KeysPath,
		Outbound: p.outbound,
	})
	return err
}

// faultsOnly is the default logger, which the library writes to: it would log each
// refusal with the addresses and states that vendors' sites sent. What is to be known of
// refusals is in the security log.
type faultsOnly struct{ slog.Handler }

// Enabled implements slog.Handler.
func (f faultsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && f.Handler.Enabled(ctx, level)
}
