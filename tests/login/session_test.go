package login

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// A login that nobody uses ends, at all replicas, and is forgotten. One that is used goes on, also
// where another replica saw it last.
func TestALoginThatNobodyUsesEnds(t *testing.T) {
	h := open(t, func(d *app.Deps) { d.Alone = false })
	other := app.Compose(h.Deps)
	used, left := h.member(), h.member()
	secret := used.cookie("farthing")
	for range 9 {
		h.Clock.Move(24 * time.Hour)
		must(t, other.FollowChanges(t.Context()))
		if _, err := other.Viewer(t.Context(), secret); err != nil { // always there
			t.Fatal(err)
		}
		must(t, other.WriteSessions(t.Context()))
	}
	if !used.inside() {
		t.Error("a login ended that another replica saw a moment ago")
	}
	if left.inside() {
		t.Error("a login goes on that nobody used for nine days")
	}
	if page := used.get("/security/devices"); strings.Count(page.body, "<tr>") != 2 {
		t.Errorf("the list of sessions has %d rows, want its head and one", strings.Count(page.body, "<tr>"))
	}
	h.Clock.Move(6*24*time.Hour + 23*time.Hour)
	if !used.inside() {
		t.Error("a login ended before its time")
	}
	h.Clock.Move(7*24*time.Hour + 10*time.Minute) // and nothing was forgotten yet
	if used.inside() {
		t.Error("a login goes on that nobody used for a week")
	}
}

// Whoever logs in in a browser ends the login that was there, also somebody else's, and not in the browser
// alone: its secret is worth nothing any more.
func TestAnotherPersonsLoginEndsTheFirst(t *testing.T) {
	h := open(t)
	h.eve()
	k := h.member().passkey("Key")
	for name, enter := range map[string]func(p *person){
		"password": func(p *person) { p.logIn().leads(t, "/wallet") },
		"passkey":  func(p *person) { p.touch(k).leads(t, "/wallet") },
		"code": func(p *person) {
			p.post("/login/code/send", "email", ada).leads(t, "/login/code")
			p.post("/login/code", "code", h.code()).leads(t, "/wallet")
		},
		"a new wallet": func(p *person) {
			p.post("/signup", "email", "new@people.example", "name", "New", "password", password)
			p.post("/signup/confirm", "code", h.codeFor("new@people.example")).leads(t, "/wallet")
		},
	} {
		p := h.person()
		p.post("/login", "email", "eve@people.example", "password", password).leads(t, "/wallet")
		first := p.cookie("farthing")
		enter(p)
		thief := h.person()
		thief.plant("farthing", first)
		if thief.inside() {
			t.Errorf("%s: the secret of the login before still opens a wallet", name)
		}
	}
	sessions := h.person()
	sessions.post("/login", "email", "eve@people.example", "password", password).leads(t, "/wallet")
	if page := sessions.get("/security/devices"); strings.Count(page.body, "<tr>") != 3 { // this one, and that of the sign-up
		t.Errorf("the list of sessions has %d rows", strings.Count(page.body, "<tr>"))
	}
}

// Recovery codes open a login by themselves, so they have 128 bits. Those of 80 bits that were
// made before work on.
func TestRecoveryCodes(t *testing.T) {
	h := open(t)
	owner := h.member()
	_, recovery := owner.authenticator()
	for _, code := range recovery {
		if digits := strings.ReplaceAll(code, "-", ""); len(digits)*5 < 128 {
			t.Errorf("a recovery code has %d bits", len(digits)*5)
		}
	}
	user, err := h.Catalog.UserByEmail(t.Context(), ada)
	must(t, err)
	p := h.person()
	p.logIn().leads(t, "/login/second")
	p.post("/login/second", "code", strings.ToLower(recovery[0])).leads(t, "/wallet")
	must(t, h.Catalog.SetRecoveryCodes(t.Context(), user.ID, []credential.RecoveryHash{credential.HashRecovery("0123-4567-89AB-CDEF")}))
	p = h.person()
	p.logIn().leads(t, "/login/second")
	p.post("/login/second", "code", "O123 4567 89ab cdef").leads(t, "/wallet")
}

// Who looks into her security log sees each login, how and where, and that her wallet was opened.
func TestLoginsAndSignUpsStandInTheSecurityLog(t *testing.T) {
	h := open(t)
	p := h.person()
	p.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	p.logIn().leads(t, "/wallet")
	p.noted("You logged in where you had not logged in before, with your password, in Firefox on Linux.")
	p.post("/login/code/send", "email", ada).leads(t, "/login/code")
	p.post("/login/code", "code", h.code()).leads(t, "/wallet")
	p.noted("You logged in, with a code by e-mail, in Firefox on Linux.")
	h.eve().noted("Wallet opened")
	p.noted("Login")
}

// Names that could be taken for others' are refused.
func TestNamesThatLookLikeOthers(t *testing.T) {
	h := open(t)
	for name, test := range map[string]struct {
		says   string
		reason token.Reason
	}{
		"P\u0430ypal":    {"look alike", "field_invalid.label_scripts"},
		"Far\u200bthing": {"not seen", "field_invalid.label_unseen"},
		"\u202egnihtraF": {"not seen", "field_invalid.label_unseen"},
	} {
		h.person().post("/signup", "email", "new@people.example", "name", name, "password", password).says(t, http.StatusUnprocessableEntity, test.says)
		_, err := h.App.CreateVendor(t.Context(), caller.Viewer{}, name, "https://shop.example")
		if refusal, ok := errors.AsType[*token.Error](err); !ok || refusal.Reason != test.reason {
			t.Errorf("a vendor named %q: %v", name, err)
		}
	}
}

// Passwords that are tried first are refused wherever one is chosen, those made of what is known
// of the reader and of this site too.
func TestPasswordsThatAreTriedFirst(t *testing.T) {
	h := open(t, func(d *app.Deps) { d.Name = "Harbour Pay" })
	owner := h.member()
	for _, bad := range []string{"Dragon2024!", "HarbourPay1", "ada-readers", "localhost1"} {
		h.person().post("/signup", "email", "ada@readers.example", "name", "Ada", "password", bad).says(t, http.StatusUnprocessableEntity, "tr", "choose another")
		owner.post("/security/devices/password", "before", password, "after", bad).says(t, http.StatusUnprocessableEntity, "choose another")
	}
}
