package login

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

var (
	secretPattern   = regexp.MustCompile(`By hand: <span class="code">([A-Z2-7 ]+)</span>`)
	recoveryPattern = regexp.MustCompile(`<span class="code">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}-[0-9A-Z]{2})</span>`)
)

// authenticator sets up Ada's second factor, and returns its secret and recovery codes.
func (p *person) authenticator() (secret string, recovery []string) {
	p.t.Helper()
	p.post(settings+"/authenticator").leads(p.t, settings+"/authenticator")
	page := p.get(settings+"/authenticator").says(p.t, http.StatusOK, "<svg", "otpauth://totp/localhost:")
	found := secretPattern.FindStringSubmatch(html.UnescapeString(page.body))
	if found == nil {
		p.t.Fatalf("no secret on the page:\n%s", page.body)
	}
	secret = strings.ReplaceAll(found[1], " ", "")
	shown := p.post(settings+"/authenticator/confirm", "code", p.shows(secret)).says(p.t, http.StatusOK, "shown this once")
	for _, match := range recoveryPattern.FindAllStringSubmatch(shown.body, -1) {
		recovery = append(recovery, match[1])
	}
	if len(recovery) != 10 {
		p.t.Fatalf("%d recovery codes", len(recovery))
	}
	return secret, recovery
}

// shows is the code that an authenticator shows now.
func (h *house) shows(secret string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.Clock.Now())
	must(h.t, err)
	return code
}

func TestTheSecondFactor(t *testing.T) {
	h := open(t)
	owner := h.member()
	secret, recovery := owner.authenticator()
	owner.get(settings).says(t, http.StatusOK, "10 codes left")
	if body := owner.get(settings).body; strings.Contains(body, recovery[0]) {
		t.Error("recovery codes are shown twice")
	}

	p := h.person()
	p.post("/login", "email", ada, "password", password, "next", "/wallet/limits").leads(t, "/login/second?next=%2Fwallet%2Flimits")
	if p.inside() || p.cookie("farthing") != "" {
		t.Error("logged in before the second factor")
	}
	p.get("/login/second?next=/wallet/limits").says(t, http.StatusOK, `value="/wallet/limits"`)
	p.post("/login/second", "code", h.shows(secret)).says(t, http.StatusUnauthorized, "used already") // it set the authenticator up
	h.Clock.Move(30 * time.Second)
	code := h.shows(secret)
	p.post("/login/second", "code", code[:3]+" "+code[3:], "next", "/wallet/limits").leads(t, "/wallet/limits")

	replay := h.person()
	replay.logIn().leads(t, "/login/second")
	replay.post("/login/second", "code", code).says(t, http.StatusUnauthorized, "used already")
	h.Clock.Move(-30 * time.Second) // nor an older one
	replay.post("/login/second", "code", h.shows(secret)).says(t, http.StatusUnauthorized)
	h.Clock.Move(90 * time.Second)
	replay.post("/login/second", "code", code).says(t, http.StatusUnauthorized)
	if replay.inside() {
		t.Error("a used step logged in")
	}
	owner.noted("gave a wrong second code")

	// By e-mail too.
	mail := h.person()
	mail.post("/login/code/send", "email", ada).leads(t, "/login/code")
	mail.post("/login/code", "code", h.code()).leads(t, "/login/second")
	mail.post("/login/second", "code", strings.ToLower(recovery[3])).leads(t, "/wallet")
	again := h.person()
	again.logIn().leads(t, "/login/second")
	again.post("/login/second", "code", recovery[3]).says(t, http.StatusUnauthorized, "wrong or was used")
	owner = h.member2(recovery[4])
	owner.get(settings).says(t, http.StatusOK, "8 codes left")

	fresh := owner.post(settings+"/recovery").says(t, http.StatusOK, "shown this once")
	again.post("/login/second", "code", recovery[5]).says(t, http.StatusUnauthorized)
	again.post("/login/second", "code", recoveryPattern.FindStringSubmatch(fresh.body)[1]).leads(t, "/wallet")
	owner.post(settings+"/authenticator/remove").leads(t, settings)
	h.member()
}

// member2 is Ada, logged in with a recovery code.
func (h *house) member2(recovery string) *person {
	h.t.Helper()
	p := h.person()
	p.logIn().leads(h.t, "/login/second")
	p.post("/login/second", "code", recovery).leads(h.t, "/wallet")
	return p
}

func TestTheHalfLoggedInStateIsShortAndOfOneBrowser(t *testing.T) {
	h := open(t)
	secret, _ := h.member().authenticator()
	h.Clock.Move(time.Minute)
	p, thief := h.person(), h.person()
	p.logIn().leads(t, "/login/second")
	thief.post("/login/second", "code", h.shows(secret)).says(t, http.StatusUnauthorized, "begin again")
	thief.plant("farthing-attempt", strings.Repeat("A", 43))
	thief.post("/login/second", "code", h.shows(secret)).says(t, http.StatusUnauthorized, "begin again")
	p.plant("farthing", p.cookie("farthing-attempt")) // it is no session
	if p.inside() {
		t.Error("a half login opened the wallet")
	}
	p.post("/login/code", "code", h.shows(secret)).says(t, http.StatusUnauthorized, "begin again") // nor another kind of attempt
	for range 5 {
		p.logIn()
		h.Clock.Move(5 * time.Minute)
	}
	p.logIn().leads(t, "/login/second")
	h.Clock.Move(10 * time.Minute)
	p.post("/login/second", "code", h.shows(secret)).says(t, http.StatusUnauthorized, "begin again")
}

func TestGuessingTheSecondFactorEnds(t *testing.T) {
	h := open(t)
	secret, _ := h.member().authenticator()
	h.Clock.Move(time.Minute)
	thief := h.person()
	thief.logIn().leads(t, "/login/second")
	wrong := func() string {
		if h.shows(secret) == "000000" {
			return "000001"
		}
		return "000000"
	}()
	for range 5 {
		thief.post("/login/second", "code", wrong).says(t, http.StatusUnauthorized, "wrong or was used")
	}
	thief.post("/login/second", "code", h.shows(secret)).says(t, http.StatusUnauthorized, "begin again")
	thief.logIn().leads(t, "/login/second") // the password is right, but the account has few tries left
	for range 4 {
		thief.post("/login/second", "code", wrong).says(t, http.StatusUnauthorized)
	}
	thief.post("/login/second", "code", wrong)
	thief.logIn().leads(t, "/login/second")
	thief.post("/login/second", "code", h.shows(secret)).says(t, http.StatusTooManyRequests)
}

func TestChangesNeedAFreshLogin(t *testing.T) {
	h := open(t)
	owner := h.member()
	k := owner.passkey("Key")
	owner.authenticator()
	h.Clock.Move(10 * time.Minute)
	again := "/login?again=1&next=%2Fsecurity%2Flogin"
	owner.post(settings+"/passkeys/options").says(t, http.StatusForbidden, "log in again first")
	owner.post(settings+"/passkeys", "name", "Evil", "answer", "{}").leads(t, again)
	owner.post(settings+"/passkeys/rename", "passkey", b64(k.id), "name", "Evil").leads(t, again)
	owner.post(settings+"/passkeys/remove", "passkey", b64(k.id)).leads(t, again)
	owner.post(settings+"/authenticator").leads(t, again)
	owner.get(settings+"/authenticator").leads(t, again)
	owner.post(settings+"/authenticator/confirm", "code", "000000").leads(t, again)
	owner.post(settings+"/authenticator/remove").leads(t, again)
	owner.post(settings+"/recovery").leads(t, again)
	owner.get(settings).says(t, http.StatusOK, "Key", "10 codes left", "log in again")

	owner.get(again).says(t, http.StatusOK, "show once more that it is you", `value="/security/login"`)
	options := owner.post("/login/passkey/options")
	owner.post("/login/passkey", "next", settings, "answer", k.sign(options.body)).leads(t, settings)
	owner.post(settings+"/passkeys/remove", "passkey", b64(k.id)).leads(t, settings)
	if n := len(h.letters.To(ada)); n != 3 {
		t.Errorf("%d letters told Ada of three changes", n)
	}
}
