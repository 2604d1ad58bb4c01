package sdk

import (
	"bytes"
	"html/template"
	"net/http"
)

// A Paywall's own pages are plain: a heading, a sentence, and one thing to do.
var paywallPage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Heading}}</title>
<style>html{background:Canvas;color:CanvasText}body{font:1.1rem/1.6 ui-serif,Georgia,serif;max-width:34rem;margin:18vh auto;padding:0 1.25rem}h1{font-size:1.6rem;line-height:1.2}a{color:inherit}button{font:inherit;padding:.5rem 1.1rem;border-radius:.4rem;border:1px solid;background:none;color:inherit;cursor:pointer}</style>
<main>
<h1>{{.Heading}}</h1>
<p>{{.Text}}</p>
{{if .Price}}<form method="post" action="{{.Buy}}"><button>Buy again for {{.Price}}</button></form>{{else}}<p><a href="{{.Clean}}">Open the page</a></p>{{end}}
</main>
`))

type paywallView struct {
	Heading, Text, Price, Buy, Clean string
}

// over says that what was bought is used up, and offers it again.
func (p *Paywall) over(w http.ResponseWriter, r *http.Request, sale NewOrder, code string) {
	view := paywallView{Heading: "Your purchase has ended", Text: "The time that you bought this page for is over.", Buy: "?farthing=buy", Clean: p.cleanURL(r)}
	switch code {
	case EntitlementUsedUp:
		view.Heading, view.Text = "All views are used", "You have opened this page as often as you had bought it for."
	case EntitlementRevoked:
		view.Heading, view.Text = "Your purchase was refunded", "The money went back to your wallet, so this page is closed again."
	}
	view.Price = sale.Price + " " + sale.Currency
	if sale.Price == "" {
		view.Price = "the same price"
	}
	render(w, http.StatusGone, view)
}

// show says something, and leads to the page itself.
func (p *Paywall) show(w http.ResponseWriter, r *http.Request, status int, heading, text string) {
	render(w, status, paywallView{Heading: heading, Text: text, Clean: p.cleanURL(r)})
}

func (p *Paywall) failed(w http.ResponseWriter, r *http.Request, err error) {
	if p.Failed != nil {
		p.Failed(w, r, err)
		return
	}
	p.show(w, r, http.StatusBadGateway, "Paying does not work just now", "The payment provider could not help. Nothing was charged by this attempt; please try again in a minute.")
}

func render(w http.ResponseWriter, status int, view paywallView) {
	var page bytes.Buffer
	if err := paywallPage.Execute(&page, view); err != nil {
		http.Error(w, view.Heading, status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}
