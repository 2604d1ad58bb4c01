package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/token"
)

var (
	signUpCode = regexp.MustCompile(`Your code is (\d{4} \d{4})`)
	resetLink  = regexp.MustCompile(`/reset/new\?token=[\w-]+`)
)

// letter returns the newest e-mail, which must be to somebody.
func (h *house) letter(to string) string {
	h.t.Helper()
	sent := h.outbox.Sent()
	if len(sent) == 0 || sent[0].To != to {
		h.t.Fatalf("nothing was sent to %s: %+v", to, sent)
	}
	return sent[0].Text
}

// code returns the code in the newest e-mail.
func (h *house) code(to string) string {
	h.t.Helper()
	found := signUpCode.FindStringSubmatch(h.letter(to))
	if found == nil {
		h.t.Fatalf("no code: %s", h.letter(to))
	}
	return found[1]
}

func (p *person) askWallet(email, next, vendor string) answer {
	p.t.Helper()
	return p.post("/signup", "email", email, "password", password, "name", "Ada", "next", next, "vendor", vendor)
}

func TestSigningUpOnTheWayToAnOrder(t *testing.T) {
	h := openWithMail(t)
	harbour := h.openShop("live")
	path := h.order(harbour, "ferry")
	reader := h.person()
	reader.get(path, click...).says(t, http.StatusOK, "New here?", "/signup?next="+url.QueryEscape(path)+"&amp;vendor=vnd_")
	vendor := strings.TrimPrefix(harbour.path, "/console/")
	reader.get("/signup?next="+path+"&vendor="+vendor).says(t, http.StatusOK, "The last ferry", "Send the code")
	reader.askWallet("ada@readers.example", path, vendor).leads(t, "/signup/confirm")
	reader.get("/signup/confirm?next="+path).says(t, http.StatusOK, "Check your e-mail")
	reader.get("/wallet").leads(t, "/login")

	link := regexp.MustCompile(`/signup/confirm\?code=\d{8}`).FindString(h.letter("ada@readers.example"))
	h.person().get(link).says(t, http.StatusOK, "in the browser where you asked") // elsewhere it opens nothing
	h.person().post("/signup/confirm", "code", h.code("ada@readers.example")).says(t, http.StatusGone, "does not wait")
	reader.get(link).says(t, http.StatusOK, "Open the wallet", `value="`+link[len(link)-8:]+`"`)
	reader.get("/wallet").leads(t, "/login") // looking at the link opened nothing

	reader.post("/signup/confirm", "code", "00000000").says(t, http.StatusUnauthorized, "not the code")
	reader.post("/signup/confirm", "code", h.code("ada@readers.example")).leads(t, path)
	reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one", "next", path).leads(t, path)
	reader.get(path, click...).says(t, http.StatusOK, "Pay 0.25")
	reader.post(path, "quoted", "0.25").leads(t, shopURL+"/ferry?order=ord_")
	if got := h.referrer("ada@readers.example"); got != vendor {
		t.Errorf("the vendor that brought the reader is %q, want %q", got, vendor)
	}
	reader.post("/signup/confirm", "code", h.code("ada@readers.example")).says(t, http.StatusGone)
}

func TestAVendorsLinkToSignUpEndsAtTheArticle(t *testing.T) {
	h := openWithMail(t)
	vendor := strings.TrimPrefix(h.openShop("live").path, "/console/")
	article := shopURL + "/articles/ferry?from=front"
	reader := h.person()
	page := reader.get("/signup?"+url.Values{"vendor": {vendor}, "return": {article}}.Encode()).says(t, http.StatusOK, "Open a wallet")
	next := regexp.MustCompile(`name="next" value="([^"]*)"`).FindStringSubmatch(page.body)
	if next == nil {
		t.Fatal("the page does not know where to go on")
	}
	reader.askWallet("ada@readers.example", strings.ReplaceAll(next[1], "&amp;", "&"), vendor).leads(t, "/signup/confirm")
	back := reader.post("/signup/confirm", "code", h.code("ada@readers.example")).leads(t, "/return/"+vendor)
	reader.get(back.location).leads(t, article)
	// Who has a wallet goes straight on, or by way of the login.
	reader.get("/signup?"+url.Values{"vendor": {vendor}, "return": {article}}.Encode()).leads(t, "/return/"+vendor)
	h.person().get(back.location).leads(t, "/login?next="+url.QueryEscape("/return/"+vendor))

	for _, elsewhere := range []string{"https://evil.example/", "//evil.example", "javascript:alert(1)", shopURL + ".evil.example/", "https://harbour.example@evil.example/", "http://harbour.example/"} {
		for _, p := range []*person{h.person(), reader} {
			p.get("/signup?"+url.Values{"vendor": {vendor}, "return": {elsewhere}}.Encode()).says(t, http.StatusUnprocessableEntity, "not known to be the shop’s own")
		}
		reader.get("/return/"+vendor+"?"+url.Values{"to": {elsewhere}}.Encode()).says(t, http.StatusUnprocessableEntity)
	}
	reader.get("/return/vnd_00000000000000000000000000?"+url.Values{"to": {article}}.Encode()).says(t, http.StatusNotFound)
	reader.get("/return/nonsense?"+url.Values{"to": {article}}.Encode()).says(t, http.StatusNotFound)
}

func TestTheFirstVendorWinsAndOnlyARealOne(t *testing.T) {
	h := openWithMail(t)
	vendor := strings.TrimPrefix(h.openShop("live").path, "/console/")
	for i, test := range []struct{ first, form, want string }{
		{"", vendor, vendor},
		{vendor, "", vendor},
		{vendor, "vnd_00000000000000000000000001", vendor}, // whatever the form says later
		{"", "vnd_00000000000000000000000001", ""},
		{"nonsense", "nonsense", ""},
	} {
		email := "reader" + string(rune('a'+i)) + "@readers.example"
		p := h.person()
		p.get("/signup?vendor="+test.first).says(t, http.StatusOK)
		p.askWallet(email, "", test.form).leads(t, "/signup/confirm")
		p.post("/signup/confirm", "code", h.code(email)).leads(t, "/wallet")
		if got := h.referrer(email); got != test.want {
			t.Errorf("%+v: the referrer is %q", test, got)
		}
	}
}

func TestSigningUpTellsNobodyWhoHasAWallet(t *testing.T) {
	h := openWithMail(t)
	h.joins("ada@readers.example")
	known, unknown := h.person(), h.person()
	a, b := known.askWallet("ada@readers.example", "", ""), unknown.askWallet("eve@readers.example", "", "")
	h.code("eve@readers.example")
	if a.status != b.status || a.location != b.location || a.body != b.body {
		t.Errorf("%+v and %+v differ", a, b)
	}
	if !strings.Contains(h.outbox.Sent()[1].Text, "There is one\nalready") {
		t.Errorf("the mail says %q", h.outbox.Sent()[1].Text)
	}
	for _, code := range []string{"", "00000000", strings.Repeat("\x00", 8), h.code("eve@readers.example")} {
		known.post("/signup/confirm", "code", code).says(t, http.StatusUnauthorized)
	}
	// Guessing ends soon, and so does the hour.
	known.post("/signup/confirm", "code", "00000001").says(t, http.StatusUnauthorized)
	known.post("/signup/confirm", "code", "00000002").says(t, http.StatusUnauthorized)
	known.post("/signup/confirm", "code", "00000003").says(t, http.StatusGone)
	h.Clock.Move(time.Hour)
	unknown.post("/signup/confirm", "code", h.code("eve@readers.example")).says(t, http.StatusGone)
	if err := h.App.WriteSessions(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestANewPasswordByMail(t *testing.T) {
	h := openWithMail(t)
	laptop := h.joins("ada@readers.example")
	stranger := h.person()
	n := len(h.outbox.Sent())
	a := stranger.post("/reset", "email", "nobody@readers.example").says(t, http.StatusOK, "If there is a wallet")
	if len(h.outbox.Sent()) != n {
		t.Error("somebody unknown was written to")
	}
	b := stranger.post("/reset", "email", "ada@readers.example").says(t, http.StatusOK, "If there is a wallet")
	if a.body != b.body {
		t.Error("the answer tells who has a wallet")
	}
	link := resetLink.FindString(h.letter("ada@readers.example"))
	secret := strings.TrimPrefix(link, "/reset/new?token=")
	laptop.get("/wallet").says(t, http.StatusOK) // nothing has happened yet

	stranger.get(link).says(t, http.StatusOK, "Set it", secret)
	stranger.post("/reset/new", "token", "nonsense", "password", "another horse").says(t, http.StatusGone, "used, or is too old")
	stranger.post("/reset/new", "token", secret, "password", "short").says(t, http.StatusUnprocessableEntity, "at least 8")
	stranger.post("/reset/new", "token", secret, "password", "another horse").leads(t, "/login")
	stranger.get("/wallet").leads(t, "/login") // the mail alone is no login
	laptop.get("/wallet").leads(t, "/login")
	stranger.post("/reset/new", "token", secret, "password", "third horse here").says(t, http.StatusGone)
	laptop.post("/login", "email", "ada@readers.example", "password", password).says(t, http.StatusUnauthorized)
	laptop.post("/login", "email", "ada@readers.example", "password", "another horse").leads(t, "/wallet")

	stranger.post("/reset", "email", "ada@readers.example").says(t, http.StatusOK)
	link = resetLink.FindString(h.letter("ada@readers.example"))
	h.Clock.Move(30 * time.Minute)
	stranger.post("/reset/new", "token", strings.TrimPrefix(link, "/reset/new?token="), "password", "third horse here").says(t, http.StatusGone)
}

func TestWithoutMailThePagesSaySo(t *testing.T) {
	h := open(t)
	p := h.person()
	p.get("/reset").says(t, http.StatusOK, "This provider sends no e-mail")
	p.post("/reset", "email", "ada@readers.example").says(t, http.StatusUnprocessableEntity, "sends no e-mail")
	p.get("/demo/outbox").says(t, http.StatusNotFound)
}

// joins opens a wallet by the code in the mail.
func (h *house) joins(email string) *person {
	h.t.Helper()
	p := h.person()
	p.askWallet(email, "", "").leads(h.t, "/signup/confirm")
	p.post("/signup/confirm", "code", h.code(email)).leads(h.t, "/wallet")
	return p
}

// referrer returns the vendor that brought the reader with an address.
func (h *house) referrer(email string) string {
	h.t.Helper()
	user, err := h.Catalog.UserByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	owned, err := h.Catalog.Account(h.t.Context(), user.Account)
	if err != nil {
		h.t.Fatal(err)
	}
	if owned.Referrer == (token.VendorID{}) {
		return ""
	}
	return owned.Referrer.String()
}
