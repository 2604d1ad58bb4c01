package buying

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// confirmToken is what a page that asks to confirm a purchase was made for. The page's form
// carries it with a mark that only this provider can make, so a tab that was left open
// cannot buy anything else, for anybody else, or later.
type confirmToken struct {
	Subject [16]byte // the order, or the offer
	Version uint32   // of the offer: what it is of, by which terms
	Price   token.Amount
	User    token.UserID
	Session token.SessionID
	Until   int64 // when the purchase window ended, as it stood
}

const tokenLength = 16 + 4 + 8 + 16 + 16 + 8

func tokenFor(v *caller.Viewer, c *Checkout) confirmToken {
	s := confirmToken{Subject: c.Order, Version: c.Version, Price: c.Price, User: v.User, Session: v.Session, Until: v.WindowUntil.UnixMilli()}
	if c.Order.IsZero() {
		s.Subject = c.Buy.Offer
	}
	return s
}

func (s confirmToken) bytes() []byte {
	b := make([]byte, 0, tokenLength+sha256.Size)
	b = append(b, s.Subject[:]...)
	b = binary.BigEndian.AppendUint32(b, s.Version)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Price))
	b = append(b, s.User[:]...)
	b = append(b, s.Session[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(s.Until))
}

func readToken(b []byte) (s confirmToken) {
	copy(s.Subject[:], b)
	s.Version = binary.BigEndian.Uint32(b[16:])
	s.Price = token.Amount(binary.BigEndian.Uint64(b[20:]))
	copy(s.User[:], b[28:])
	copy(s.Session[:], b[44:])
	s.Until = int64(binary.BigEndian.Uint64(b[60:]))
	return s
}

// mac is the code that authenticates a form.
func (a *Buying) mac(body []byte) ([]byte, error) {
	key, err := a.deriver.Derive("confirm form", token.VendorID{}, nil, 32)
	if err != nil {
		return nil, token.Wrap(err, "derive the key of forms")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return mac.Sum(nil), nil
}

// form writes what a page shows to the viewer, for its form to carry.
func (a *Buying) form(v *caller.Viewer, c *Checkout) (string, error) {
	body := tokenFor(v, c).bytes()
	mark, err := a.mac(body)
	return base64.RawURLEncoding.EncodeToString(append(body, mark...)), err
}

// CheckConfirmation refuses a confirmation that does not come from the page that stands for
// the checkout and the viewer as they are now. form is the Form of the checkout that the
// page was made of. A refusal is noted for the viewer to see.
func (a *Buying) CheckConfirmation(ctx context.Context, v caller.Viewer, c Checkout, form string) error {
	err := a.checkConfirmation(v, c, form)
	if code := token.CodeOf(err); code == token.CodeFormInvalid || code == token.CodeFormStale {
		a.activity.Record(ctx, activity.Event{Code: code, User: v.User, Order: c.Order, Detail: "A purchase was confirmed on a page that was not the present one. Nothing was charged."})
	}
	return err
}

func (a *Buying) checkConfirmation(v caller.Viewer, c Checkout, form string) error {
	invalid := token.Refuse(token.Forbidden, "form_invalid.not_shown")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(form)
	if err != nil || len(sealed) != tokenLength+sha256.Size {
		return invalid
	}
	mark, err := a.mac(sealed[:tokenLength])
	if err != nil {
		return err
	}
	if !hmac.Equal(mark, sealed[tokenLength:]) {
		return invalid
	}
	was, is := readToken(sealed), tokenFor(&v, &c)
	switch {
	case was.Subject != is.Subject:
		return invalid
	case was.User != is.User:
		return token.Refuse(token.Conflict, "form_stale.other_login")
	case was.Session != is.Session, was.Until != is.Until:
		return token.Refuse(token.Conflict, "form_stale.logged_in_again")
	case was.Price != is.Price:
		return token.Refuse(token.Conflict, "quote_changed.not_shown")
	case was.Version != is.Version:
		return token.Refuse(token.Conflict, "form_stale.shop_changed")
	}
	return nil
}
