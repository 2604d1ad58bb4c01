// Command cmd runs the API marketplace on its own: set FARTHING_URL to the provider
// and FARTHING_KEY to a vendor key.
package main

import (
	"net/http"
	"os"

	"farthing.dev/farthing/examples/calls"
	"farthing.dev/farthing/examples/shop"
)

func main() {
	os.Exit(shop.Main("calls", "8405", func(s shop.Settings) http.Handler {
		return calls.New(calls.Config{Client: s.Client, SiteURL: s.SiteURL, Secret: s.Secret, Log: s.Log})
	}))
}
