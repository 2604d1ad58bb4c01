package sdk_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
)

// press is a provider that signs receipts.
type press struct {
	*httptest.Server
	*sdk.Receipts
	now     time.Time
	keys    map[string]ed25519.PrivateKey // those that are published
	more    string                        // other keys of the set
	fetched int
	down    bool
}

func newPress(t *testing.T) *press {
	t.Helper()
	p := &press{now: time.Unix(1_800_000_000, 0), keys: map[string]ed25519.PrivateKey{"k1": signer(1)}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fetched++
		if p.down || r.URL.Path != "/.well-known/jwks.json" {
			w.WriteHeader(503)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=3600")
		var all []string
		for id, key := range p.keys {
			x := base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
			all = append(all, fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":%q,"x":%q}`, id, x))
		}
		if p.more != "" {
			all = append(all, p.more)
		}
		io.WriteString(w, `{"keys":[`+strings.Join(all, ",")+`]}`)
	}))
	t.Cleanup(p.Close)
	p.Receipts = &sdk.Receipts{BaseURL: p.URL, Now: func() time.Time { return p.now }}
	return p
}

// signer is a key that is the same at each run.
func signer(n byte) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{n})
	return ed25519.NewKeyFromSeed(seed[:])
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func header(kid string) map[string]any {
	return map[string]any{"alg": "EdDSA", "typ": "farthing-receipt+jwt", "kid": kid}
}

func (p *press) said() map[string]any {
	return map[string]any{
		"iss": p.URL, "iat": 1_800_000_000, "sub": "rdr_1", "aud": "vnd_1", "order": "ord_1", "price": "0.25", "currency": "USD",
		"item": map[string]any{"sku": "essay"}, "entry": 7,
	}
}

func sign(key ed25519.PrivateKey, head, said map[string]any) string {
	text := part(head) + "." + part(said)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

func TestReceiptsAreVerifiedOffline(t *testing.T) {
	p := newPress(t)
	text := sign(signer(1), header("k1"), p.said())
	for range 3 {
		got, err := p.Verify(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		want := sdk.Receipt{
			Issuer: p.URL, PaidAt: time.Unix(1_800_000_000, 0).UTC(), Reader: "rdr_1", Vendor: "vnd_1", Order: "ord_1",
			Item: sdk.ReceiptItem{SKU: "essay"}, Price: "0.25", Currency: "USD", Entry: 7,
		}
		if got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
	if p.fetched != 1 {
		t.Errorf("keys were fetched %d times for three receipts", p.fetched)
	}
	p.now, p.down = p.now.Add(2*time.Hour), true
	if _, err := p.Verify(t.Context(), text); err != nil {
		t.Errorf("while the provider is away: %v", err)
	}
}

func TestForgedReceiptsAreRefused(t *testing.T) {
	p := newPress(t)
	p.more = `{"kty":"RSA","use":"sig","alg":"RS256","kid":"login","n":"AQAB","e":"AQAB"}`
	public := signer(1).Public().(ed25519.PublicKey)
	with := func(name string, value any) map[string]any {
		h := header("k1")
		h[name] = value
		return h
	}
	hs256 := func() string { // the public key as the secret of a MAC
		text := part(with("alg", "HS256")) + "." + part(p.said())
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	foreign := p.said()
	foreign["iss"] = "https://elsewhere.example"
	dearer := p.said()
	dearer["price"] = "9.99"
	good := strings.Split(sign(signer(1), header("k1"), p.said()), ".")
	tests := map[string]string{
		"no algorithm":              part(with("alg", "none")) + "." + good[1] + ".",
		"no algorithm, signed":      sign(signer(1), with("alg", "none"), p.said()),
		"a MAC with the public key": hs256(),
		"another algorithm's name":  sign(signer(1), with("alg", "RS256"), p.said()),
		"in lower case":             sign(signer(1), with("alg", "eddsa"), p.said()),
		"another type":              sign(signer(1), with("typ", "JWT"), p.said()),
		"no type":                   sign(signer(1), map[string]any{"alg": "EdDSA", "kid": "k1"}, p.said()),
		"no key":                    sign(signer(1), with("kid", ""), p.said()),
		"a critical extension":      sign(signer(1), with("crit", []string{"b64"}), p.said()),
		"a key of its own":          sign(signer(2), with("jwk", map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(signer(2).Public().(ed25519.PublicKey))}), p.said()),
		"another's signature":       sign(signer(2), header("k1"), p.said()),
		"a key for logins":          sign(signer(1), header("login"), p.said()),
		"another provider's":        sign(signer(1), header("k1"), foreign),
		"another price":             good[0] + "." + part(dearer) + "." + good[2],
		"no signature":              good[0] + "." + good[1] + ".",
		"two parts":                 good[0] + "." + good[1],
		"four parts":                strings.Join(good, ".") + "." + good[2],
		"padding":                   strings.Join(good, ".") + "==",
		"nothing":                   "",
		"too long":                  strings.Repeat("a", 20_000),
	}
	for name, text := range tests {
		if _, err := p.Verify(t.Context(), text); !errors.Is(err, sdk.ErrReceipt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiptsUnderRotatedKeys(t *testing.T) {
	p := newPress(t)
	old, next := sign(signer(1), header("k1"), p.said()), sign(signer(2), header("k2"), p.said())
	good := func(text string) bool {
		t.Helper()
		_, err := p.Verify(t.Context(), text)
		return err == nil
	}
	if !good(old) || good(next) {
		t.Fatal("before the rotation")
	}
	p.keys["k2"] = signer(2)
	for range 100 { // unknown keys do not make us ask more than once a minute
		p.now = p.now.Add(100 * time.Millisecond)
		if good(next) {
			t.Fatal("a key was known without asking")
		}
	}
	if p.fetched != 1 {
		t.Errorf("keys were fetched %d times within a minute", p.fetched)
	}
	p.now = p.now.Add(time.Minute)
	if !good(next) || !good(old) || p.fetched != 2 {
		t.Errorf("after the rotation, %d fetches", p.fetched)
	}
	delete(p.keys, "k1") // withdrawn
	p.now = p.now.Add(time.Hour)
	if good(old) || !good(next) {
		t.Error("a key that was withdrawn is still good, or the other is not")
	}
	p.down = true
	fresh := &sdk.Receipts{BaseURL: p.URL, Now: func() time.Time { return p.now }}
	if _, err := fresh.Verify(t.Context(), next); err == nil || errors.Is(err, sdk.ErrReceipt) {
		t.Errorf("without keys: %v; that is not the receipt's fault", err)
	}
}

// A provider that cannot be reached says nothing about a receipt, however often one asks.
func TestReceiptsAreNotForgedWhileTheProviderIsAway(t *testing.T) {
	p := newPress(t)
	p.down = true
	text := sign(signer(1), header("k1"), p.said())
	for range 3 {
		if _, err := p.Verify(t.Context(), text); err == nil || errors.Is(err, sdk.ErrReceipt) {
			t.Errorf("while the provider is away: %v", err)
		}
	}
	p.now, p.down = p.now.Add(time.Minute), false
	if _, err := p.Verify(t.Context(), text); err != nil {
		t.Error(err)
	}
	if _, err := p.Verify(t.Context(), sign(signer(2), header("k2"), p.said())); !errors.Is(err, sdk.ErrReceipt) {
		t.Errorf("a key that the provider does not have: %v", err)
	}
}

// hanging is a provider that answers when a test lets it, or when the request ends.
type hanging struct {
	asked chan struct{} // one for each request
	let   chan struct{}
	press http.RoundTripper
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked <- struct{}{}
	select {
	case <-h.let:
		return h.press.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// hang has the provider's answers hang from now on.
func (p *press) hang() *hanging {
	h := &hanging{asked: make(chan struct{}, 100), let: make(chan struct{}), press: http.DefaultTransport}
	p.HTTPClient = &http.Client{Transport: h}
	return h
}

// One caller who gives up says nothing about receipts: neither to others who wait for the
// same keys, nor to those who come after.
func TestACallerWhoGivesUpSpoilsNothingForOthers(t *testing.T) {
	p := newPress(t)
	h := p.hang()
	text := sign(signer(1), header("k1"), p.said())
	ctx, giveUp := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := p.Verify(ctx, text); first <- err }()
	<-h.asked
	go func() { _, err := p.Verify(t.Context(), text); second <- err }()
	giveUp()
	if err := <-first; !errors.Is(err, context.Canceled) || errors.Is(err, sdk.ErrReceipt) {
		t.Errorf("who gave up: %v", err)
	}
	close(h.let)
	if err := <-second; err != nil {
		t.Errorf("who waited with one that gave up: %v", err)
	}
	if _, err := p.Verify(t.Context(), text); err != nil {
		t.Errorf("who came after one that gave up: %v", err)
	}
	if len(h.asked) != 0 {
		t.Errorf("keys were fetched %d times more", len(h.asked))
	}
}

// While the provider hangs, only receipts under keys that are not known wait for it.
func TestAHangingProviderKeepsNobodyWhoHasTheKey(t *testing.T) {
	p := newPress(t)
	known, unknown := sign(signer(1), header("k1"), p.said()), sign(signer(2), header("k2"), p.said())
	if _, err := p.Verify(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	h := p.hang()
	p.now = p.now.Add(time.Minute)
	ctx, giveUp := context.WithCancel(t.Context())
	waits := make(chan error, 1)
	go func() { _, err := p.Verify(ctx, unknown); waits <- err }()
	<-h.asked
	checked := make(chan error, 1)
	go func() { _, err := p.Verify(t.Context(), known); checked <- err }()
	select {
	case err := <-checked:
		if err != nil {
			t.Error(err)
		}
	case err := <-waits:
		t.Fatalf("the unknown key was answered first: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("a known key waits for the provider")
	}
	giveUp()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	p.now = p.now.Add(2 * time.Hour) // the keys are old, and their successors hang: nobody waits for long
	if _, err := p.Verify(t.Context(), known); err != nil {
		t.Error(err)
	}
	close(h.let)
}
