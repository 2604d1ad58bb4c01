package shop

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// ErrSeal is the answer to a sealed value that this site did not make, or whose time is over.
var ErrSeal = errors.New("the sealed value is not valid here, or not any more")

// Sealer encrypts small values for browsers to carry. Values of different purposes
// ("cookie", "stream") cannot be exchanged for one another.
type Sealer struct{ secret []byte }

// NewSealer makes a Sealer from a secret. All replicas of a site share one.
func NewSealer(secret []byte) *Sealer { return &Sealer{secret: secret} }

type sealed struct {
	Until int64           `json:"u"`
	Value json.RawMessage `json:"v"`
}

// Seal returns value in a form that only Open with the same purpose reads, until
// the given time.
func (s *Sealer) Seal(purpose string, value any, until time.Time) (string, error) {
	inner, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(sealed{Until: until.Unix(), Value: inner})
	if err != nil {
		return "", err
	}
	box, err := s.box(purpose)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, plain, nil)), nil
}

// Open reads what Seal made into value.
func (s *Sealer) Open(purpose, text string, now time.Time, value any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ErrSeal
	}
	box, err := s.box(purpose)
	if err != nil {
		return err
	}
	if len(raw) < box.NonceSize() {
		return ErrSeal
	}
	plain, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], nil)
	if err != nil {
		return ErrSeal
	}
	var content sealed
	if json.Unmarshal(plain, &content) != nil || now.Unix() >= content.Until {
		return ErrSeal
	}
	return json.Unmarshal(content.Value, value)
}

func (s *Sealer) box(purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.secret, nil, "example shop "+purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// SetCookie gives the browser a sealed value to bring back.
func (s *Sealer) SetCookie(w http.ResponseWriter, siteURL, name string, value any, until time.Time) error {
	text, err := s.Seal("cookie "+name, value, until)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: text, Path: "/", Expires: until,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(siteURL, "https://"),
	})
	return nil
}

// DropCookie has the browser forget what SetCookie gave it.
func DropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Cookie reads a sealed value that the browser brought back.
func (s *Sealer) Cookie(r *http.Request, name string, now time.Time, value any) error {
	cookie, err := r.Cookie(name)
	if err != nil {
		return err
	}
	return s.Open("cookie "+name, cookie.Value, now, value)
}
