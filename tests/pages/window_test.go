package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/token"
)

// buyer is a member with 5 USD.
func (h *house) buyer(email string) *person {
	h.t.Helper()
	p := h.member(email)
	p.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one").leads(h.t, "/wallet")
	return p
}

func (p *person) logIn(email, next string) answer {
	p.t.Helper()
	return p.post("/login", "email", email, "password", password, "next", next)
}

// cookie is the secret that the browser holds.
func (p *person) cookie() string {
	p.t.Helper()
	base, err := url.Parse(p.base)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range p.client.Jar.Cookies(base) {
		if c.Name == "farthing" {
			return c.Value
		}
	}
	return ""
}

func TestAfterTheWindowTheSamePurchaseGoesOn(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	reader := h.buyer("ada@readers.example")
	h.Clock.Move(15 * time.Minute)
	path := h.order(harbour, "ferry")
	reader.get(path, click...).says(t, http.StatusOK, "Pay 0.25")
	h.Clock.Move(16 * time.Minute)

	reader.get("/wallet").says(t, http.StatusOK, "5.00") // looking goes on
	reader.get(path, click...).says(t, http.StatusOK, "Log in again to go on", "The last ferry", "0.25", `name="next" value="`+path+`"`)
	reader.post(path, "quoted", "0.25").says(t, http.StatusOK, "Log in again to go on")
	reader.get("/login?next="+path).says(t, http.StatusOK, "The last ferry", "0.25", `name="next" value="`+path+`"`)
	before := reader.cookie()
	reader.logIn("ada@readers.example", path).leads(t, path)
	if after := reader.cookie(); after == before || after == "" {
		t.Error("the login did not give the browser a new secret")
	}
	if _, err := h.App.Viewer(t.Context(), before); token.CodeOf(err) != token.CodeUnauthorised {
		t.Errorf("the secret from before the login still opens the wallet: %v", err)
	}
	if n := strings.Count(reader.get("/security/devices").body, "<tr>"); n != 2 { // with the head
		t.Errorf("logging in again made a second session: %d rows", n)
	}
	reader.get(path, click...).says(t, http.StatusOK, "Pay 0.25")
	reader.post(path, "quoted", "0.25").leads(t, shopURL+"/ferry?order="+strings.TrimPrefix(path, "/pay/"))
}

func TestOneClickAfterTheFirstPurchase(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	reader := h.buyer("ada@readers.example")
	reader.post(h.order(harbour, "monday"), "quoted", "0.25", "at_once", "yes").leads(t, shopURL)
	reader.get(h.order(harbour, "tuesday"), click...).leads(t, shopURL)
	reader.confirm("/buy/"+h.offer(harbour, "wednesday", "0.50").ID.String(), "at_once", "yes").leads(t, shopURL)
	reader.get("/wallet/limits").says(t, http.StatusOK, "0.50")
}

func TestBuyingAtOnceObeysTheWindow(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	reader := h.buyer("ada@readers.example")
	reader.post("/wallet/approval", "max", "0.30", "currency", "USD").leads(t, "/wallet/limits")
	h.Clock.Move(30 * time.Minute)
	path := h.order(harbour, "ferry")
	reader.get(path, click...).says(t, http.StatusOK, "Log in again to go on")
	reader.get("/wallet").says(t, http.StatusOK, "5.00")
	reader.logIn("ada@readers.example", path).leads(t, path)
	reader.get(path, click...).leads(t, shopURL)
	reader.get("/wallet").says(t, http.StatusOK, "4.75")
}

func TestAStaleTabBuysNothing(t *testing.T) {
	const ada, eve = "ada@readers.example", "eve@readers.example"
	for _, test := range []struct {
		name   string
		change func(h *house, p *person)
		status int
		says   string
	}{
		{"after a logout", func(_ *house, p *person) { p.post("/logout") }, http.StatusUnauthorized, "You have been logged out since that page was shown, so nothing was charged"},
		{"after somebody else logged in", func(_ *house, p *person) { p.logIn(eve, "") }, http.StatusConflict, "Somebody else has logged in"},
		{"after a logout and a login", func(_ *house, p *person) { p.post("/logout"); p.logIn(ada, "") }, http.StatusConflict, "You have logged in again"},
		{"after another login", func(h *house, p *person) { h.Clock.Move(time.Minute); p.logIn(ada, "") }, http.StatusConflict, "You have logged in again"},
		{"after the window", func(h *house, _ *person) { h.Clock.Move(20 * time.Minute) }, http.StatusOK, "Log in again to go on"},
		{"after the window was made shorter", func(_ *house, p *person) { p.post("/security/devices/window", "minutes", "15") }, http.StatusConflict, "changed for how long you can buy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := open(t)
			harbour := h.openShop("live")
			h.buyer(eve)
			tab := h.buyer(ada)
			h.Clock.Move(10 * time.Minute)
			path := h.order(harbour, "ferry")
			form := tab.shown(path)
			test.change(h, tab)
			tab.post(path, "quoted", "0.25", "shown", form).says(t, test.status, test.says)
			tab.logIn(ada, path).leads(t, path)
			tab.get("/wallet").says(t, http.StatusOK, "5.00")
			if test.status == http.StatusConflict {
				tab.post(path, "quoted", "0.25", "shown", form).says(t, http.StatusConflict, "nothing was charged", "Pay 0.25")
			}
			tab.post(path, "quoted", "0.25").leads(t, shopURL) // looks again, and confirms
		})
	}
}

// A page belongs to the login that it was shown to: in another browser of the same
// reader, even one that logged in at the very same moment, its button buys nothing.
func TestAPageBuysOnlyInItsOwnBrowser(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	laptop, phone := h.buyer("ada@readers.example"), h.person()
	phone.logIn("ada@readers.example", "").leads(t, "/wallet")
	path := h.order(harbour, "ferry")
	phone.post(path, "quoted", "0.25", "shown", laptop.shown(path)).says(t, http.StatusConflict, "nothing was charged")
	phone.get("/wallet").says(t, http.StatusOK, "5.00")
}

func TestAFormThatWasNotShownBuysNothing(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	reader, eve := h.buyer("ada@readers.example"), h.buyer("eve@readers.example")
	path, other := h.order(harbour, "ferry"), h.order(harbour, "crane")
	good := reader.shown(path)
	forms := map[string]string{"none": "", "nonsense": "nonsense", "of another order": reader.shown(other), "too long": good + "AAAA", "cut": good[:len(good)-4], "zeros": strings.Repeat("A", len(good))}
	for _, at := range []int{0, 20, 25, 40, 60, 84, 86, 100, len(good) - 4} {
		flipped := []byte(good)
		if flipped[at]++; flipped[at] > 'z' || flipped[at] == '[' || flipped[at] == ':' || flipped[at] == '`' {
			flipped[at] = 'a'
		}
		forms["altered at "+string(flipped[:at+1])] = string(flipped)
	}
	for name, form := range forms {
		t.Log(name)
		reader.post(path, "quoted", "0.25", "shown", form).says(t, http.StatusForbidden, "Please confirm again", "nothing was charged", "Pay 0.25")
	}
	eve.post(path, "quoted", "0.25", "shown", good).says(t, http.StatusConflict, "Somebody else has logged in")
	reader.get("/wallet").says(t, http.StatusOK, "5.00")
	if err := h.App.WriteNotes(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader.get("/security").says(t, http.StatusOK, "Purchase confirmed on an old page")
	reader.post(path, "quoted", "0.25", "shown", good).leads(t, shopURL)
}

// An offer's page stands for the offer as it was: at another price, of other content, on
// other terms or in another currency the button on it buys nothing, whatever the form says.
func TestAnOfferChangedSinceItWasShownBuysNothing(t *testing.T) {
	for _, test := range []struct {
		name, says, price string
		change            func(o *offering.OfferInput)
	}{
		{"dearer", "The price is not the one that was shown", "0.50", func(o *offering.OfferInput) { o.Price *= 2 }},
		{"other content", "The shop has changed what it sells here", "0.25", func(o *offering.OfferInput) { o.Item.Title = "The last crane" }},
		{"other terms", "The shop has changed what it sells here", "0.25", func(o *offering.OfferInput) { o.Item.Terms.Times = 1 }},
		{"another currency", "The shop has changed what it sells here", "0.25", func(o *offering.OfferInput) { o.Currency = token.MustCurrency("JPY") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := open(t)
			harbour := h.openShop("live")
			reader := h.buyer("ada@readers.example")
			reader.post("/wallet/funds", "currency", "JPY", "amount", "5", "reference", "demo-two").leads(t, "/wallet")
			offer := h.offer(harbour, "monday", "0.25")
			page := "/buy/" + offer.ID.String()
			form := reader.shown(page)
			in := offering.OfferInput{Item: offer.Item, Price: offer.Price, Currency: offer.Currency}
			test.change(&in)
			if _, _, err := h.App.ChangeOffer(t.Context(), harbour.seller, offer.ID, in, "change", nil); err != nil {
				t.Fatal(err)
			}
			reader.post(page+"/confirm", "quoted", test.price, "shown", form, "once", "an-old-page").says(t, http.StatusConflict, test.says, "Pay "+test.price)
			reader.get("/wallet").says(t, http.StatusOK, "Nothing yet")
			reader.confirm(page).leads(t, shopURL) // looks again, and confirms
		})
	}
}

func TestSettingTheWindow(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	reader := h.buyer("ada@readers.example")
	const page, post = "/security/devices", "/security/devices/window"
	reader.get(page).says(t, http.StatusOK, "the usual, 30 minutes", "15 minutes", "You can buy until 15 Apr 2026, 12:30")
	for _, minutes := range []string{"31", "100000", "-1", "", "ten", "99999999999999"} {
		reader.post(post, "minutes", minutes).says(t, http.StatusUnprocessableEntity, "Choose", "the usual, 30 minutes")
	}
	reader.post(post, "minutes", "5").leads(t, page)
	reader.get(page).says(t, http.StatusOK, "You can buy until 15 Apr 2026, 12:05", `<option value="5" selected>`)
	h.Clock.Move(5 * time.Minute)
	path := h.order(harbour, "ferry")
	reader.get(path, click...).says(t, http.StatusOK, "Log in again to go on")
	// What lengthens it is as much as buying.
	reader.post(post, "minutes", "0").says(t, http.StatusUnauthorized, "log in again", "/login?again=1&amp;next=%2Fsecurity%2Fdevices")
	reader.get(path, click...).says(t, http.StatusOK, "Log in again to go on")
	reader.post(post, "minutes", "2").leads(t, page)
	reader.get("/login?again=1&next="+page).says(t, http.StatusOK, "ada@readers.example", `name="next" value="`+page+`"`)
	reader.logIn("ada@readers.example", page).leads(t, page)
	reader.get("/login?next="+page).leads(t, page) // needs no login as it is
	reader.get("/login?again=1&next="+page).says(t, http.StatusOK, "Log in again")
	reader.post(post, "minutes", "0").leads(t, page)
	reader.get(page).says(t, http.StatusOK, "You can buy until 15 Apr 2026, 12:35")
}

var sessionPattern = regexp.MustCompile(`name="session" value="(ses_\w+)"`)

func TestDevicesAndSessions(t *testing.T) {
	h := open(t)
	const ada, page = "ada@readers.example", "/security/devices"
	laptop := h.member(ada)
	phone, library, eve := h.person(), h.person(), h.member("eve@readers.example")
	form := url.Values{"email": {ada}, "password": {password}}
	headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"}
	phone.send(http.MethodPost, "/login", form, headers).leads(t, "/wallet")
	library.logIn(ada, "").leads(t, "/wallet")

	h.Clock.Move(time.Hour)
	phone.get("/wallet").says(t, http.StatusOK)
	if err := h.App.WriteSessions(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Clock.Move(3 * time.Hour)
	seen := laptop.get(page).says(t, http.StatusOK, "this one, now", "Safari on iPhone", "3 hours ago", "4 hours ago")
	ids := sessionPattern.FindAllStringSubmatch(seen.body, -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions can be logged out", len(ids))
	}
	for _, id := range []string{"", "nonsense", "ses_00000000000000000000000000"} {
		laptop.post(page+"/signout", "session", id).says(t, http.StatusNotFound)
	}
	eve.post(page+"/signout", "session", ids[0][1]).says(t, http.StatusNotFound)
	eve.post(page+"/others").leads(t, page)
	phone.get("/wallet").says(t, http.StatusOK)

	laptop.post(page+"/signout", "session", ids[0][1]).leads(t, page) // the phone was used last
	phone.get("/wallet").leads(t, "/login")
	library.get("/wallet").says(t, http.StatusOK)
	laptop.post(page+"/others").leads(t, page)
	library.get("/wallet").leads(t, "/login")
	laptop.get(page).says(t, http.StatusOK, "All other sessions are logged out")
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	h := open(t)
	const ada, post = "ada@readers.example", "/security/devices/password"
	laptop, phone := h.member(ada), h.person()
	phone.logIn(ada, "").leads(t, "/wallet")
	laptop.post(post, "before", "wrong", "after", "another horse").says(t, http.StatusForbidden, "present password is wrong")
	laptop.post(post, "before", password, "after", "short").says(t, http.StatusUnprocessableEntity, "at least 8")
	phone.get("/wallet").says(t, http.StatusOK)
	before := laptop.cookie()
	laptop.post(post, "before", password, "after", "another horse").leads(t, "/security/devices")
	if laptop.cookie() == before {
		t.Error("the session kept its secret")
	}
	laptop.get("/wallet").says(t, http.StatusOK)
	phone.get("/wallet").leads(t, "/login")
	phone.logIn(ada, "").says(t, http.StatusUnauthorized)
	phone.post("/login", "email", ada, "password", "another horse").leads(t, "/wallet")
}

func TestASecretFromBeforeTheLoginIsWorthNothing(t *testing.T) {
	h := open(t)
	h.member("ada@readers.example")
	victim := h.person()
	base, err := url.Parse(h.base)
	if err != nil {
		t.Fatal(err)
	}
	planted := strings.Repeat("A", 43)
	victim.client.Jar.SetCookies(base, []*http.Cookie{{Name: "farthing", Value: planted, Path: "/"}})
	victim.logIn("ada@readers.example", "").leads(t, "/wallet")
	if victim.cookie() == planted {
		t.Error("the login took the secret that was there")
	}
	if _, err := h.App.Viewer(t.Context(), planted); token.CodeOf(err) != token.CodeUnauthorised {
		t.Errorf("the planted secret opens: %v", err)
	}
}
