package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/examples/calls"
	"farthing.dev/farthing/examples/music"
	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/examples/shop"
)

// door is a shop's address. There is somebody behind it once the shop is open.
type door struct{ shop atomic.Pointer[http.Handler] }

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if shop := d.shop.Load(); shop != nil {
		(*shop).ServeHTTP(w, r)
		return
	}
	http.Error(w, "the shop is not open yet", http.StatusServiceUnavailable)
}

// site builds a shop.
func (d *demo) site(id string) (http.Handler, error) {
	secret, err := hex.DecodeString(d.state.Secret)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", demoFile, err)
	}
	secret = append(secret, id...) // no shop can read another's cookies
	log := d.log.With("shop", id)
	switch id {
	case gazette:
		return newspaper.New(newspaper.Config{Client: d.client(id), SiteURL: d.urls[id], Secret: secret, Login: d.state.Login, Log: log}), nil
	case records:
		return music.New(music.Config{Client: d.client(id), SiteURL: d.urls[id], Secret: secret, Log: log}), nil
	}
	return calls.New(calls.Config{Client: d.client(id), SiteURL: d.urls[id], Secret: secret, Log: log}), nil
}

// openShops opens all shops.
func (d *demo) openShops(ctx context.Context) error {
	for i := range shops {
		if err := d.openShop(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// openShop opens a shop that has its key, and tells the provider where it is. The
// provider looks there to see whose it is.
func (d *demo) openShop(ctx context.Context, i int) error {
	id := shops[i].id
	handler, err := d.site(id)
	if err != nil {
		return err
	}
	d.doors[i].shop.Store(&handler)
	return shop.Register(ctx, d.client(id), d.urls[id])
}

// serveShops serves the shops' addresses until ctx ends. Each server reports its end.
func (d *demo) serveShops(ctx context.Context, grace time.Duration) <-chan error {
	ended := make(chan error, len(shops))
	for i := range shops {
		go func() { ended <- serveUntil(ctx, newServer(&d.doors[i], d.log), d.listeners[i+1], grace) }()
	}
	return ended
}

// awaitShops returns when all shops have ended. One that ends takes the others with it,
// and so does the provider.
func awaitShops(ended <-chan error, closeShops func(), provided <-chan error) error {
	var failed error
	for range shops {
		select {
		case err := <-ended:
			failed = errors.Join(failed, err)
		case err := <-provided:
			failed = errors.Join(failed, cmp.Or(err, errors.New("the provider stopped")))
		}
		closeShops()
	}
	return failed
}
