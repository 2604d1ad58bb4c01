package login

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// from is a new browser in a network.
func (h *house) from(network string) *person {
	p := h.person()
	p.header.Set("X-Forwarded-For", network)
	return p
}

// A stranger who guesses without end slows himself down. The owner gets in meanwhile, also in
// a browser that nobody knows: from another network by her password, from the stranger's own
// by a code or a passkey.
func TestAStrangerLocksNobodyOut(t *testing.T) {
	h := open(t)
	owner := h.member()
	k := owner.passkey("Key")
	stranger := h.from("203.0.113.9")
	looked := 0
	guess := func(times int) {
		for range times {
			if stranger.post("/login", "email", ada, "password", "wrong").status == http.StatusUnauthorized {
				looked++
			}
			h.Clock.Move(2 * time.Second)
		}
	}
	guess(310) // ten minutes, and on until no try has just been earned back
	if looked > 10+10 {
		t.Errorf("%d guesses were looked at", looked)
	}
	h.from("198.51.100.1").logIn().leads(t, "/wallet")
	guess(40)
	neighbour := h.from("203.0.113.9")
	neighbour.logIn().says(t, http.StatusTooManyRequests, "code sent to you by e-mail", "passkey")
	neighbour.post("/login/code/send", "email", ada).leads(t, "/login/code")
	guess(10)
	neighbour.post("/login/code", "code", h.code()).leads(t, "/wallet")
	h.from("203.0.113.9").touch(k).leads(t, "/wallet")
	owner.header.Set("X-Forwarded-For", "203.0.113.9")
	owner.post("/logout")
	owner.logIn().leads(t, "/wallet") // a browser that is known
	owner.noted("Too many tries")
}

// Many networks that guess at one account slow its password down in browsers that nobody knows, and
// close nothing else.
func TestManyStrangersLockNobodyOut(t *testing.T) {
	for _, mail := range []bool{true, false} {
		t.Run(fmt.Sprintf("mail %t", mail), func(t *testing.T) {
			h := open(t, func(d *app.Deps) {
				if !mail {
					d.Mailer = nil
				}
			})
			owner := h.member()
			k := owner.passkey("Key")
			looked := 0
			guess := func() {
				for n := range 30 {
					for range 4 {
						if h.from("203.0.113."+strconv.Itoa(n)).post("/login", "email", ada, "password", "wrong").status == http.StatusUnauthorized {
							looked++
						}
					}
				}
			}
			guess()
			if most := 50 + 30*3; looked > most {
				t.Errorf("%d guesses were looked at", looked)
			}
			fresh := h.from("198.51.100.1")
			if mail {
				if looked > 50 {
					t.Errorf("%d guesses were looked at", looked)
				}
				fresh.logIn().says(t, http.StatusTooManyRequests, "the password alone is not enough", "code sent to you by e-mail")
				fresh.post("/login/code/send", "email", ada).leads(t, "/login/code")
				fresh.post("/login/code", "code", h.code()).leads(t, "/wallet")
			} else {
				fresh.logIn().leads(t, "/wallet")
			}
			h.from("198.51.100.2").touch(k).leads(t, "/wallet")
			owner.post("/logout")
			owner.logIn().leads(t, "/wallet")
			h.Clock.Move(2 * time.Hour)
			h.from("198.51.100.3").logIn().leads(t, "/wallet")
		})
	}
}

var longCode = regexp.MustCompile(`Your code is (\d{4} \d{4} \d{4} \d{4})`)

// Strangers who ask for codes without end do not keep the owner from one, be they in
// her network or in many, nor do they fill her mailbox.
func TestStrangersWhoAskForCodesKeepNobodyFromOne(t *testing.T) {
	for name, network := range map[string]func(n int) string{
		"one network":   func(int) string { return "203.0.113.9" },
		"many networks": func(n int) string { return "203.0.113." + strconv.Itoa(n%250) },
	} {
		for _, kind := range []string{"code", "reset", "signup"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				h := open(t)
				ask := func(p *person) answer {
					switch kind {
					case "code":
						return p.post("/login/code/send", "email", ada)
					case "reset":
						return p.post("/reset", "email", ada)
					}
					return p.post("/signup", "email", "eve@people.example", "name", "Eve", "password", password)
				}
				to := ada
				if kind == "signup" {
					to = "eve@people.example"
				}
				for n := range 25 {
					ask(h.from(network(n)))
				}
				if sent := len(h.letters.To(to)); sent < 2 || sent > 12 {
					t.Errorf("%d letters were sent", sent)
				}
				owner := h.from("203.0.113.9")
				asked := ask(owner)
				letters := h.letters.To(to)
				last := letters[len(letters)-1].Text
				code := longCode.FindStringSubmatch(last)
				if code == nil && kind != "reset" {
					t.Fatalf("the last letter has no code that many can share:\n%s", last)
				}
				switch kind {
				case "code":
					asked.leads(t, "/login/code")
					ask(h.from(network(1))) // the strangers go on
					for range 8 {
						h.from(network(1)).post("/login/code", "code", "0000 0000 0000 0000")
					}
					owner.post("/login/code", "code", code[1]).leads(t, "/wallet")
					again := h.from("203.0.113.9")
					ask(again).leads(t, "/login/code")
					if got := again.post("/login/code", "code", code[1]); got.status != http.StatusTooManyRequests || !strings.Contains(got.body, "used already") {
						t.Errorf("a code that was used is answered %d: %s", got.status, got.body)
					}
					h.Clock.Move(31 * time.Minute)
					if again.post("/login/code", "code", code[1]); again.inside() {
						t.Error("a code was used twice")
					}
				case "reset":
					asked.says(t, http.StatusOK)
					link := regexp.MustCompile(`token=([A-Za-z0-9_-]{43})`).FindStringSubmatch(last)
					owner.post("/reset/new", "token", link[1], "password", "another horse, another battery").leads(t, "/login")
					ask(owner)
					owner.post("/reset/new", "token", link[1], "password", "a third horse, a third battery").says(t, http.StatusGone)
				case "signup":
					asked.leads(t, "/signup/confirm")
					owner.post("/signup/confirm", "code", code[1]).leads(t, "/wallet")
				}
			})
		}
	}
}

// Who invents a network for each guess is one network all the same.
func TestInventedNetworksAreOne(t *testing.T) {
	h := openBehind(t, "")
	looked := 0
	for n := range 130 {
		p := h.from("198.51." + strconv.Itoa(n) + ".7")
		p.header.Set("X-Real-Ip", "198.51."+strconv.Itoa(n)+".8")
		p.header.Set("Forwarded", "for=198.51."+strconv.Itoa(n)+".9")
		if p.post("/login", "email", "reader"+strconv.Itoa(n)+"@readers.example", "password", "wrong").status == http.StatusUnauthorized {
			looked++
		}
	}
	if looked != 100 {
		t.Errorf("%d of 130 guesses went through", looked)
	}

	// What goes on then costs nothing: no password is hashed, nothing is written. And what is
	// written is forgotten as it is earned back.
	rows := func() (n int) {
		t.Helper()
		must(t, h.DB.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM tries").Scan(&n))
		return n
	}
	before, hashed := rows(), h.App.PasswordsHashed()
	for n := range 100 {
		h.person().post("/login", "email", "other"+strconv.Itoa(n)+"@readers.example", "password", "wrong").says(t, http.StatusTooManyRequests)
	}
	if after := rows(); after != before || before > 2*100+1 {
		t.Errorf("%d rows of counts became %d", before, after)
	}
	if n := h.App.PasswordsHashed() - hashed; n != 0 {
		t.Errorf("%d passwords were hashed for nothing", n)
	}
	h.Clock.Move(time.Hour)
	must(t, h.App.WriteSessions(t.Context()))
	if n := rows(); n != 0 {
		t.Errorf("%d counts are kept that are earned back", n)
	}

	// At one account it is far fewer.
	looked = 0
	for n := range 130 {
		if h.from("198.51."+strconv.Itoa(n)+".7").post("/login", "email", ada, "password", "wrong").status == http.StatusUnauthorized {
			looked++
		}
	}
	if looked != 10 {
		t.Errorf("%d of 130 guesses at one account went through", looked)
	}
}

// Replicas count together, and a restart forgets nothing.
func TestReplicasCountTogether(t *testing.T) {
	h := open(t)
	other := app.Compose(h.Deps)
	door := caller.Browser{Address: "203.0.113.9"}
	looked := 0
	for n := range 30 {
		a := h.App
		if n%2 == 1 {
			a = other
		}
		_, err := a.LoginByPassword(t.Context(), door, ada, "wrong password")
		if token.CodeOf(err) == token.CodeLoginInvalid {
			looked++
		}
	}
	if looked != 10 {
		t.Errorf("%d guesses were looked at", looked)
	}
	if _, err := app.Compose(h.Deps).LoginByPassword(t.Context(), door, ada, password); err == nil {
		t.Error("a restart gave the stranger new tries")
	}
}
