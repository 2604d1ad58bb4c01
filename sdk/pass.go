package sdk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pass is what a Paywall's cookie says: this browser's reader bought this item by
// this order, and last had a view counted at this time.
type pass struct {
	order  string
	reader string
	seen   time.Time
}

// passLife is how long a browser keeps a pass. The provider decides at each view
// whether it still opens anything.
const passLife = 365 * 24 * time.Hour

// readPass returns the pass for what is on sale, if the browser has one that we signed.
func (p *Paywall) readPass(r *http.Request, sale NewOrder) (pass, bool) {
	cookie, err := r.Cookie(passName(sale))
	if err != nil {
		return pass{}, false
	}
	text, mac, found := strings.Cut(cookie.Value, ".")
	given, err := base64.RawURLEncoding.DecodeString(mac)
	if !found || err != nil || !hmac.Equal(given, p.sign(sale, text)) {
		return pass{}, false
	}
	parts := strings.Split(text, "~")
	if len(parts) != 3 {
		return pass{}, false
	}
	seconds, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return pass{}, false
	}
	return pass{order: parts[0], reader: parts[1], seen: time.Unix(seconds, 0)}, true
}

// writePass gives the browser a pass for what is on sale.
func (p *Paywall) writePass(w http.ResponseWriter, r *http.Request, sale NewOrder, granted pass) {
	seconds := int64(0)
	if !granted.seen.IsZero() {
		seconds = granted.seen.Unix()
	}
	text := granted.order + "~" + granted.reader + "~" + strconv.FormatInt(seconds, 10)
	http.SetCookie(w, &http.Cookie{
		Name: passName(sale), Value: text + "." + base64.RawURLEncoding.EncodeToString(p.sign(sale, text)),
		Path: r.URL.EscapedPath(), MaxAge: int(passLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.Site, "https://"),
	})
}

// sign binds the text to the item, so that a pass for one opens no other.
func (p *Paywall) sign(sale NewOrder, text string) []byte {
	mac := hmac.New(sha256.New, p.Secret)
	mac.Write([]byte(skuOf(sale)))
	mac.Write([]byte{0})
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func passName(sale NewOrder) string {
	sum := sha256.Sum256([]byte(skuOf(sale)))
	return "farthing_" + hex.EncodeToString(sum[:6])
}
