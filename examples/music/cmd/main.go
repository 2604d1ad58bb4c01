// Command cmd runs the record label's site on its own: set FARTHING_URL to the
// provider and FARTHING_KEY to a vendor key.
package main

import (
	"net/http"
	"os"

	"farthing.dev/farthing/examples/music"
	"farthing.dev/farthing/examples/shop"
)

func main() {
	os.Exit(shop.Main("music", "8404", func(s shop.Settings) http.Handler {
		return music.New(music.Config{Client: s.Client, SiteURL: s.SiteURL, Secret: s.Secret, Log: s.Log})
	}))
}
