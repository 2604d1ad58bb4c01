package login

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestACodeByMail(t *testing.T) {
	h := open(t)
	p, other := h.person(), h.person()
	p.get("/login").says(t, http.StatusOK, `formaction="/login/code/send"`)
	p.post("/login/code/send", "email", " Ada@Readers.example ", "next", "/wallet/limits").leads(t, "/login/code?next=%2Fwallet%2Flimits")
	p.get("/login/code?next=/wallet/limits").says(t, http.StatusOK, "If there is a wallet")
	code := h.code()
	if len(h.letters.To(ada)) != 1 {
		t.Fatal("not one letter was sent")
	}
	other.post("/login/code", "code", code).says(t, http.StatusUnauthorized, "begin again") // another browser
	other.post("/login/code/send", "email", nobody).leads(t, "/login/code")
	other.post("/login/code", "code", code).says(t, http.StatusUnauthorized, "not the code")
	attempt := p.cookie("farthing-attempt")
	p.post("/login/code", "code", code[:4]+" "+code[4:], "next", "/wallet/limits").leads(t, "/wallet/limits")
	p.plant("farthing-attempt", attempt)
	p.post("/login/code", "code", code).says(t, http.StatusUnauthorized, "begin again") // a second time

	p = h.person()
	p.post("/login/code/send", "email", ada).leads(t, "/login/code")
	h.Clock.Move(10 * time.Minute)
	p.post("/login/code", "code", h.code()).says(t, http.StatusUnauthorized, "begin again")

	p.post("/login/code/send", "email", ada).leads(t, "/login/code")
	code = h.code()
	wrong := code[1:] + string('0'+(code[0]-'0'+1)%10)
	for range 5 {
		p.post("/login/code", "code", wrong).says(t, http.StatusUnauthorized, "not the code")
	}
	p.post("/login/code", "code", code).says(t, http.StatusUnauthorized, "begin again")
	for _, email := range []string{"", "nonsense", "a@b\r\nBcc: c@d"} {
		p.post("/login/code/send", "email", email).says(t, http.StatusUnprocessableEntity, "not valid")
	}
}

// What a stranger can see must not tell whether an address has a wallet.
func TestAnswersAreTheSameForUnknownAddresses(t *testing.T) {
	h := open(t)
	alike := func(what string, ask func(email string) answer) {
		t.Helper()
		known, unknown := ask(ada), ask(nobody)
		a, b := strings.ReplaceAll(known.body, ada, "*"), strings.ReplaceAll(unknown.body, nobody, "*")
		if known.status != unknown.status || known.location != unknown.location || a != b {
			t.Errorf("%s tells who has a wallet: %d %q %d %q\n%s\n%s", what, known.status, known.location, unknown.status, unknown.location, a, b)
		}
		if x, y := shape(known.header), shape(unknown.header); x != y {
			t.Errorf("%s tells by its headers:\n%s\n%s", what, x, y)
		}
	}
	alike("a wrong password", func(email string) answer {
		return h.person().post("/login", "email", email, "password", "wrong password")
	})
	alike("asking for a code", func(email string) answer { return h.person().post("/login/code/send", "email", email) })
	for n := range 7 {
		alike("wrong code "+strconv.Itoa(n), func(email string) answer {
			p := h.person()
			p.header.Set("X-Forwarded-For", "192.0.2."+strconv.Itoa(n))
			p.post("/login/code/send", "email", email)
			return p.post("/login/code", "code", "123")
		})
	}
	alike("codes without end", func(email string) answer { return h.person().post("/login/code/send", "email", email) })
	for range 9 {
		h.person().post("/login", "email", ada, "password", "wrong")
		h.person().post("/login", "email", nobody, "password", "wrong")
	}
	alike("guesses without end", func(email string) answer { return h.person().post("/login", "email", email, "password", "wrong") })
}

// shape is what headers show beside secrets and the time.
func shape(header http.Header) string {
	var out strings.Builder
	for _, name := range []string{"Content-Security-Policy", "Retry-After", "Content-Type", "Location"} {
		out.WriteString(name + ": " + header.Get(name) + "\n")
	}
	for _, cookie := range header.Values("Set-Cookie") {
		name, value, _ := strings.Cut(cookie, "=")
		secret, rest, _ := strings.Cut(value, ";")
		out.WriteString(name + " " + strconv.Itoa(len(secret)) + rest + "\n")
	}
	return out.String()
}

func TestGuessersDoNotLockTheOwnerOut(t *testing.T) {
	h := open(t)
	owner := h.member()
	k := owner.passkey("Key")
	thief := h.person()
	guesses := 0
	for range 12 {
		if thief.post("/login", "email", ada, "password", "wrong").status == http.StatusUnauthorized {
			guesses++
		}
	}
	if guesses != 10 {
		t.Errorf("%d guesses were answered", guesses)
	}
	thief.logIn().says(t, http.StatusTooManyRequests, "Too many tries") // even with the right one
	owner.noted("Too many tries")

	owner.post("/logout")
	owner.logIn().leads(t, "/wallet")       // the browser is known
	h.person().touch(k).leads(t, "/wallet") // nor do passkeys wait
	thief.plant("farthing-known", "AAAA")   // made up
	thief.logIn().says(t, http.StatusTooManyRequests)
	h.Clock.Move(time.Minute)
	h.person().logIn().leads(t, "/wallet") // and elsewhere it is over soon
}

func TestOneNetworkThatGuessesAtManyIsSlowedDown(t *testing.T) {
	h := open(t)
	owner := h.member()
	thief := h.person()
	thief.header.Set("X-Forwarded-For", "203.0.113.9")
	refused := map[string]int{}
	for n := range 105 {
		if thief.post("/login/passkey/options").status == http.StatusTooManyRequests {
			refused["passkeys"]++
		}
		if thief.post("/login", "email", "reader"+strconv.Itoa(n)+"@readers.example", "password", "wrong").status == http.StatusTooManyRequests {
			refused["passwords"]++
		}
		if thief.post("/login/code/send", "email", "reader"+strconv.Itoa(n)+"@readers.example").status == http.StatusTooManyRequests {
			refused["letters"]++
		}
	}
	if refused["passkeys"] != 5 || refused["passwords"] != 5 || refused["letters"] != 45 {
		t.Errorf("so many were refused: %v", refused)
	}
	thief.logIn().says(t, http.StatusTooManyRequests)
	thief.header.Set("X-Forwarded-For", "198.51.100.7, 203.0.113.9") // what a client writes there does not count
	thief.logIn().says(t, http.StatusTooManyRequests)
	owner.post("/logout")
	owner.logIn().leads(t, "/wallet") // from another network
}

// Hashing a password is work, so whoever has no tries left makes none of it.
func TestSignUpsWithoutEndAreSlowedDown(t *testing.T) {
	h := open(t)
	p := h.person()
	p.header.Set("X-Forwarded-For", "203.0.113.9")
	for range 100 {
		p.post("/signup", "email", "new@readers.example", "password", "short").says(t, http.StatusUnprocessableEntity)
	}
	before := h.App.PasswordsHashed()
	p.post("/signup", "email", "new@readers.example", "password", password).says(t, http.StatusTooManyRequests, "Too many tries")
	if hashed := h.App.PasswordsHashed() - before; hashed != 0 {
		t.Errorf("%d passwords were hashed for nothing", hashed)
	}
}

func TestEveryLoginHasANewSession(t *testing.T) {
	h := open(t)
	k := h.member().passkey("Key")
	for name, enter := range map[string]func(p *person){
		"password": func(p *person) { p.logIn().leads(t, "/wallet") },
		"passkey":  func(p *person) { p.touch(k).leads(t, "/wallet") },
		"code": func(p *person) {
			p.post("/login/code/send", "email", ada).leads(t, "/login/code")
			p.post("/login/code", "code", h.code()).leads(t, "/wallet")
		},
	} {
		victim := h.person()
		planted := strings.Repeat("A", 43)
		victim.plant("farthing", planted)
		enter(victim)
		first := victim.cookie("farthing")
		if first == planted || first == "" {
			t.Errorf("%s: the login took the secret that was there", name)
		}
		enter(victim)
		if victim.cookie("farthing") == first {
			t.Errorf("%s: a second login kept the secret", name)
		}
		thief := h.person()
		for _, old := range []string{planted, first} {
			thief.plant("farthing", old)
			if thief.inside() {
				t.Errorf("%s: a secret from before the login opens the wallet", name)
			}
		}
	}
}

func TestOtherSitesCannotBeginOrEndALogin(t *testing.T) {
	h := open(t)
	owner := h.member()
	k := owner.passkey("Key")
	owner.header.Set("Sec-Fetch-Site", "cross-site")
	owner.header.Set("Origin", "https://evil.example")
	for _, path := range []string{
		"/login", "/login/code/send", "/login/code", "/login/second", "/login/passkey", "/login/passkey/options",
		settings + "/passkeys", settings + "/passkeys/options", settings + "/passkeys/rename", settings + "/passkeys/remove",
		settings + "/authenticator", settings + "/authenticator/confirm", settings + "/authenticator/remove", settings + "/recovery",
	} {
		owner.post(path, "passkey", b64(k.id), "name", "Evil").says(t, http.StatusForbidden, "another site")
	}
	owner.header = http.Header{}
	owner.get(settings).says(t, http.StatusOK, "Key")

	stranger := h.person()
	for _, path := range []string{"/passkeys", "/passkeys/options", "/passkeys/rename", "/passkeys/remove", "/authenticator", "/authenticator/confirm", "/authenticator/remove", "/recovery"} {
		stranger.post(settings+path).leads(t, "/login?next=%2Fsecurity%2Flogin")
	}
}

func TestALoginLeadsNowhereElse(t *testing.T) {
	h := open(t)
	k := h.member().passkey("Key")
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
		h.person().post("/login", "email", ada, "password", password, "next", next).leads(t, "/wallet")
		p := h.person()
		options := p.post("/login/passkey/options")
		p.post("/login/passkey", "next", next, "answer", k.sign(options.body)).leads(t, "/wallet")
		p = h.person()
		h.Clock.Move(10 * time.Minute)
		p.post("/login/code/send", "email", ada, "next", next).leads(t, "/login/code")
		p.post("/login/code", "code", h.code(), "next", next).leads(t, "/wallet")
	}
}
