package app_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

const (
	firstPassword = "correct horse battery"
	nextPassword  = "staple correct horse"
)

// meanwhile is a catalogue in which something happens while somebody logs in: after her
// password was found right, and before her session is there.
type meanwhile struct {
	app.Catalog
	happens func()
}

func (m *meanwhile) Authenticator(ctx context.Context, user token.UserID) (credential.Authenticator, error) {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Catalog.Authenticator(ctx, user)
}

func TestALoginByAPasswordThatIsChangedMeanwhileIsRefused(t *testing.T) {
	between := &meanwhile{}
	h := open(t, func(d *app.Deps) {
		between.Catalog = d.Catalog
		d.Catalog = between
	})
	_, v, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	between.happens = func() {
		_, err := h.ChangePassword(t.Context(), v, firstPassword, nextPassword)
		must(t, err)
	}
	secret, _, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	wantCode(t, err, token.CodeLoginOver)
	_, err = h.Viewer(t.Context(), secret)
	wantCode(t, err, token.CodeUnauthorised)
	devices, err := h.Devices(t.Context(), v)
	must(t, err)
	want(t, "sessions", len(devices), 1)
}

// What is replaced must be there: otherwise a session that was ended would be back.
func TestASessionThatEndedIsNotSettled(t *testing.T) {
	h := open(t)
	secret, v, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	elsewhere := app.Compose(h.Deps)
	_, err = elsewhere.Viewer(t.Context(), secret)
	must(t, err)
	must(t, h.LogOut(t.Context(), secret))
	if err := elsewhere.BindSession(t.Context(), secret, "", "curl/8"); err == nil {
		t.Error("a session that was ended was settled")
	}
	devices, err := h.Devices(t.Context(), v)
	must(t, err)
	want(t, "sessions", len(devices), 1) // the one of signing up
}

func TestTwoLoginsAtOnceInOneBrowserAreTwoSessions(t *testing.T) {
	h := open(t)
	before, v, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	elsewhere := app.Compose(h.Deps)
	_, err = elsewhere.Viewer(t.Context(), before)
	must(t, err)
	one, _, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	two, _, err := elsewhere.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	must(t, h.BindSession(t.Context(), one, before, "curl/8"))
	must(t, elsewhere.BindSession(t.Context(), two, before, "curl/8"))
	kept, err := h.Viewer(t.Context(), one)
	must(t, err)
	want(t, "the first goes on with the session", kept.Session, v.Session)
	other, err := elsewhere.Viewer(t.Context(), two)
	must(t, err)
	if other.Session == kept.Session {
		t.Error("two sessions have one id, so that what hangs on it would outlive a logout")
	}
}

// Whoever logs in in a browser, the same person or another one, the session that the browser
// had before has ended: what it held opens nothing, at any replica, from that moment on. The
// other sessions of whoever it was go on.
func TestTheSessionBeforeALoginEndsWithIt(t *testing.T) {
	for name, email := range map[string]string{"the same person": "ada@reader.example", "another person": "ben@reader.example"} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			h.person("ben@reader.example")
			elsewhere := app.Compose(h.Deps)
			before, v, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
			must(t, err)
			other, _, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
			must(t, err)
			must(t, h.BindSession(t.Context(), before, "", "Firefox"))
			_, err = h.Viewer(t.Context(), before) // it is remembered here
			must(t, err)
			secret, now, err := h.LogIn(t.Context(), email, firstPassword)
			must(t, err)
			must(t, h.BindSession(t.Context(), secret, before, "Firefox"))
			for _, at := range []*app.Rooms{h.Rooms, elsewhere} {
				_, err = at.Viewer(t.Context(), before)
				wantCode(t, err, token.CodeUnauthorised)
				_, err = at.Viewer(t.Context(), other)
				must(t, err)
				viewer, err := at.Viewer(t.Context(), secret)
				must(t, err)
				want(t, "who is logged in", viewer.User, now.User)
				want(t, "the session goes on", viewer.Session == v.Session, name == "the same person")
			}
			devices, err := h.Devices(t.Context(), v)
			must(t, err)
			for _, d := range devices {
				if d.Session == v.Session && name == "another person" {
					t.Error("the first session is still on the list of hers")
				}
			}
		})
	}
}

// deaf is a catalogue that cannot be read for a moment.
type deaf struct {
	app.Catalog
	away *bool
}

func (d *deaf) Session(ctx context.Context, hash account.SessionHash) (account.Session, error) {
	if *d.away {
		return account.Session{}, errAway
	}
	return d.Catalog.Session(ctx, hash)
}

// A login is not settled while it cannot be seen whose session the browser had: it would go on.
func TestALoginIsNotSettledBesideASessionThatCannotBeRead(t *testing.T) {
	away := false
	h := open(t, func(d *app.Deps) { d.Catalog = &deaf{d.Catalog, &away} })
	before, _, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	elsewhere := app.Compose(h.Deps)
	secret, _, err := elsewhere.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	away = true
	wantCode(t, elsewhere.BindSession(t.Context(), secret, before, "Firefox"), token.CodeUnavailable)
	away = false
	must(t, elsewhere.BindSession(t.Context(), secret, before, "Firefox"))
	_, err = elsewhere.Viewer(t.Context(), before)
	wantCode(t, err, token.CodeUnauthorised)
}

var resetPattern = regexp.MustCompile(`token=([\w-]{43})`)

func TestANewPasswordEndsLinksForOthersAndIsMailed(t *testing.T) {
	post := &provider.Letters{}
	h := open(t, func(d *app.Deps) { d.Mailer = post })
	_, v, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	ask := func() string {
		t.Helper()
		must(t, h.AskReset(t.Context(), caller.Browser{}, "ada@reader.example"))
		found := resetPattern.FindStringSubmatch(post.Last().Text)
		if found == nil {
			t.Fatalf("no link was sent: %+v", post.Last())
		}
		return found[1]
	}
	isTold := func(what string) {
		t.Helper()
		if m := post.Last(); m.To != "ada@reader.example" || !strings.Contains(m.Text, what) {
			t.Errorf("the owner was mailed %+v", m)
		}
	}
	link := ask()
	_, err = h.ChangePassword(t.Context(), v, firstPassword, nextPassword)
	must(t, err)
	isTold("your password was changed")
	wantCode(t, h.ResetPassword(t.Context(), caller.Browser{}, link, "a third password"), token.CodeResetOver)
	must(t, h.ResetPassword(t.Context(), caller.Browser{}, ask(), "a third password"))
	isTold("a new password was set")
}

// The purchase window is counted from the login: buying, looking and being seen move it not.
func TestThePurchaseWindowDoesNotSlideWithUse(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	secret, first, err := h.LogIn(t.Context(), "ada@reader.example", firstPassword)
	must(t, err)
	for i, pause := range []time.Duration{10 * time.Minute, 10 * time.Minute, 10*time.Minute - time.Millisecond, time.Millisecond, time.Minute} {
		h.Clock.Move(pause)
		must(t, h.WriteSessions(t.Context())) // who was seen, as the worker does it
		v, err := h.Viewer(t.Context(), secret)
		must(t, err)
		_, err = h.Wallet(t.Context(), v)
		must(t, err)
		want(t, "the window ends", v.WindowUntil, first.WindowUntil)
		order := h.order(h.live, article(fmt.Sprint("a-", i), "0.25"))
		_, err = h.Pay(t.Context(), v, order.ID, order.Price, journal.ByClick)
		if i < 3 {
			must(t, err)
		} else {
			wantCode(t, err, token.CodeWindowClosed)
		}
	}
	want(t, "bought", h.balance(h.reader, usd), "9.25")
}
