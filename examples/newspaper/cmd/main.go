// Command cmd runs the newspaper on its own: set FARTHING_URL to the provider and
// FARTHING_KEY to a vendor key.
package main

import (
	"net/http"
	"os"

	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/examples/shop"
)

func main() {
	os.Exit(shop.Main("newspaper", "8403", func(s shop.Settings) http.Handler {
		return newspaper.New(newspaper.Config{Client: s.Client, SiteURL: s.SiteURL, Secret: s.Secret, Log: s.Log})
	}))
}
