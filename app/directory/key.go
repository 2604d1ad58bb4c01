package directory

import (
	"context"
	"crypto/sha256"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// How keys begin, and the bounds of what one person and one vendor may have.
const (
	liveKey    = "fk_live_"
	testKey    = "fk_test_"
	maxVendors = 20
	MaxKeys    = 50
)

// VendorKeys returns the vendor's keys, newest first.
func (a *Directory) VendorKeys(ctx context.Context, v caller.Viewer, vendor token.VendorID) ([]KeyView, error) {
	if _, err := a.Member(ctx, v, vendor); err != nil {
		return nil, err
	}
	keys, err := a.catalog.Keys(ctx, vendor)
	if err != nil {
		return nil, err
	}
	views := make([]KeyView, 0, len(keys))
	for _, key := range keys {
		views = append(views, keyView(key))
	}
	return views, nil
}

func keyView(k catalog.APIKey) KeyView {
	return KeyView{ID: k.ID, Login: k.Login, Hint: k.Hint, Test: k.Test, CreatedAt: token.TimeAt(k.CreatedAt), RevokedAt: token.TimeAt(k.RevokedAt)}
}

// CreateKey makes a key for the vendor's server. Its secret is shown this once. A live one
// needs the purchase window.
func (a *Directory) CreateKey(ctx context.Context, v caller.Viewer, vendor token.VendorID, login string, test bool) (secret string, view KeyView, err error) {
	if _, err := a.Member(ctx, v, vendor); err != nil {
		return "", KeyView{}, err
	}
	if !test {
		if err := v.NeedWindow(a.clock.Now(), "purchase_window_closed.live_key"); err != nil {
			return "", KeyView{}, err
		}
	}
	if err := catalog.CheckName("key_name", login); err != nil {
		return "", KeyView{}, err
	}
	keys, err := a.catalog.Keys(ctx, vendor)
	if err != nil {
		return "", KeyView{}, err
	}
	good := 0
	for _, key := range keys {
		if key.RevokedAt == 0 {
			good++
		}
	}
	if good >= MaxKeys {
		return "", KeyView{}, token.Refuse(token.Unprocessable, "field_invalid.shop_keys", token.Number("most", MaxKeys))
	}
	if secret, err = a.random.Secret(); err != nil {
		return "", KeyView{}, err
	}
	if secret = liveKey + secret; test {
		secret = testKey + secret[len(liveKey):]
	}
	key := catalog.APIKey{
		ID: token.NewID[token.KeyKind](a.ids), Vendor: vendor, Hash: sha256.Sum256([]byte(secret)), Login: login,
		Hint: secret[len(secret)-4:], Test: test, CreatedAt: a.clock.Now().UnixMilli(),
	}
	if err := a.catalog.AddKey(ctx, key); err != nil {
		return "", KeyView{}, err
	}
	return secret, keyView(key), nil
}

// RevokeKey ends a key: here at once, on other replicas within seconds.
func (a *Directory) RevokeKey(ctx context.Context, v caller.Viewer, vendor token.VendorID, id token.KeyID) error {
	if _, err := a.Member(ctx, v, vendor); err != nil {
		return err
	}
	hash, err := a.catalog.RevokeKey(ctx, vendor, id, a.clock.Now().UnixMilli())
	if err != nil {
		return err
	}
	a.apiKeys.Drop(hash)
	return nil
}

// KeyView is a key without its secret.
type KeyView struct {
	ID        token.KeyID
	Login     string
	Hint      string // the secret's last characters
	Test      bool
	CreatedAt time.Time
	RevokedAt time.Time // zero while it is good
}
