// Command cmd runs the newspaper on its own: set FARTHING_URL to the provider and
// FARTHING_KEY to a vendor key. With LOGIN_CLIENT and LOGIN_SECRET, from "Log readers in" on the
// vendor's page, readers can continue with Farthing.
package main

import (
	"net/http"
	"os"

	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/examples/shop"
)

func main() {
	os.Exit(shop.Main("newspaper", "8403", func(s shop.Settings) http.Handler {
		config := newspaper.Config{Client: s.Client, SiteURL: s.SiteURL, Secret: s.Secret, Log: s.Log}
		if id := os.Getenv("LOGIN_CLIENT"); id != "" {
			config.Login = &newspaper.Login{ClientID: id, ClientSecret: os.Getenv("LOGIN_SECRET")}
		}
		return newspaper.New(config)
	}))
}
