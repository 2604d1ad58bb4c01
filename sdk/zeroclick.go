package sdk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// readerCookie says who reads, to the whole site, while ZeroClick lasts.
const readerCookie = "farthing_reader"

// charge sells the page to a reader who gave an allowance, without a click. It charges
// only where a person went to the page, and reports false where the reader is to be
// asked.
func (p *Paywall) charge(r *http.Request, sale NewOrder) (Access, bool) {
	reader := p.KnownReader(r)
	if reader == "" || sale.Offer == "" || !chosen(r) {
		return Access{}, false
	}
	purchase, err := p.Client.CreatePurchase(r.Context(), NewPurchase{Reader: reader, Offer: sale.Offer, Tracking: sale.Tracking})
	if err != nil {
		return Access{}, false // no allowance, or not so far: the provider's page says what is missing
	}
	access := Access{Order: purchase.ID, Reader: reader}
	if purchase.Charged {
		access.Charged, access.Currency = purchase.Price, purchase.Currency
	}
	return access, true
}

// chosen reports whether a person went to the page, by a click, a form or the address
// bar. Only then may opening it charge: not when it is fetched ahead, embedded, or
// opened by a script of some other page.
func chosen(r *http.Request) bool {
	h := r.Header
	return r.Method == http.MethodGet && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document" &&
		h.Get("Sec-Fetch-User") == "?1" && h.Get("Sec-Purpose") == "" && h.Get("Purpose") == ""
}

// RememberReader lets the site know the reader again in this browser while ZeroClick
// lasts. A Paywall does it when a ticket comes back; do it yourself when the reader logged in
// at your site with her wallet, whose `sub` is the reader.
func (p *Paywall) RememberReader(w http.ResponseWriter, reader string) {
	if p.ZeroClick <= 0 || reader == "" {
		return
	}
	text := reader + "~" + strconv.FormatInt(p.now().Add(p.ZeroClick).Unix(), 10)
	http.SetCookie(w, &http.Cookie{
		Name: readerCookie, Value: text + "." + base64.RawURLEncoding.EncodeToString(p.signReader(text)),
		Path: "/", MaxAge: int(p.ZeroClick / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.Site, "https://"),
	})
}

// KnownReader returns who reads, "" where the browser has no cookie that we signed or
// its time is over.
func (p *Paywall) KnownReader(r *http.Request) string {
	cookie, err := r.Cookie(readerCookie)
	if err != nil || p.ZeroClick <= 0 {
		return ""
	}
	text, mac, _ := strings.Cut(cookie.Value, ".")
	given, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(given, p.signReader(text)) {
		return ""
	}
	reader, until, _ := strings.Cut(text, "~")
	seconds, err := strconv.ParseInt(until, 10, 64)
	if err != nil || p.now().Unix() >= seconds {
		return ""
	}
	return reader
}

// signReader signs under a key of its own, so that no pass is taken for a reader.
func (p *Paywall) signReader(text string) []byte {
	key := hmac.New(sha256.New, p.Secret)
	key.Write([]byte("farthing reader"))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// ForgetReader ends what RememberReader began, for your own "log out".
func (p *Paywall) ForgetReader(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: readerCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.Site, "https://")})
}
