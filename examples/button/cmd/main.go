// Command cmd runs the page with a button on its own: set FARTHING_URL to the provider
// and FARTHING_KEY to a live vendor key.
package main

import (
	"context"
	"net/http"
	"os"

	"farthing.dev/farthing/examples/button"
	"farthing.dev/farthing/examples/shop"
)

func main() {
	os.Exit(shop.Main("button", "8406", func(s shop.Settings) http.Handler {
		offer, err := button.MakeOffer(context.Background(), s.Client, s.SiteURL)
		if err != nil {
			s.Log.Error("make the offer", "error", err)
			os.Exit(1)
		}
		return button.New(s.Client, offer)
	}))
}
