package browser

import (
	"testing"

	"farthing.dev/farthing/tests/browser/chrome"
	"farthing.dev/farthing/tests/launch"
)

// shop is one of the demo's shops, and how something is bought there.
type shop struct {
	id      string
	page    string // where the thing is for sale
	button  string // that buys it
	before  string // what the page says before
	after   string // and what the reader sees who has paid
	picture string
}

func shops() []shop {
	return []shop{
		{"newspaper", "/articles/the-woman-who-writes-the-timetable", ".gate button", "Read the rest", "You can only plan for the nurses", "article"},
		{"music", "/tracks/night-bus-canon", ".release button", "Rent for 30 JPY", "3 of 3 plays left", "track"},
		{"calls", "/", ".buy button", "Ask a small question", "100 paid calls are left", "key"},
	}
}

// TestShopsInABrowser buys at the three shops of the real demo, each after one
// login, with scripts and without, in light, dark and on a phone. Every page of the
// shops is judged on the way.
func TestShopsInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is not for the quick round")
	}
	b := chrome.Start(t)
	for _, look := range []chrome.Look{chrome.Light, chrome.Dark, chrome.Phone} {
		t.Run(look.Name, func(t *testing.T) {
			d := launch.StartDemo(t, t.TempDir())
			tab := b.Tab(look).For(t)
			tab.LogIn(d.URL, "ada@readers.example", d.Password)
			for _, s := range shops() {
				site := d.URLs[s.id]
				tab.Go(site + "/")
				judge(tab, s.id+"-front")
				tab.Go(site + s.page)
				tab.WantText(s.before)
				judge(tab, s.id+"-offer")
				tab.Click(s.button)
				tab.WantText("Cancel and go back")
				tab.Click("main form button")
				tab.WantText(s.after)
				judge(tab, s.id+"-"+s.picture)
			}
			tab.Go(d.URLs["music"] + "/tracks/night-bus-canon")
			tab.Click(".release button")
			tab.WantText("play 1 of 3")
			judge(tab, "music-playing")
			tab.Go(d.URLs["newspaper"] + "/articles/in-praise-of-the-smallest-coin?order=ord_x&ticket=x")
			tab.WantText("Open the page")
			judge(tab, "newspaper-ticket")
			tab.Go(d.URL + "/docs")
			judge(tab, "docs")
		})
	}
}

// judge keeps a picture of the page and has it judged.
func judge(tab *chrome.Tab, name string) {
	tab.Shot("shop-" + name)
	tab.Accessible(axe)
	tab.Narrow()
}
