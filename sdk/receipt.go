package sdk

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Receipt is what a signed receipt says: that this reader bought this item, from this
// vendor, at this price. Later refunds are not in it.
type Receipt struct {
	Issuer   string      // the provider
	PaidAt   time.Time   // to the second
	Reader   string      // the vendor's pseudonym of who paid
	Vendor   string      // who sold: check that it is you
	Order    string      // the transaction
	Item     ReceiptItem // what was sold: check that it is what you serve
	Price    string      // what was charged, in major units
	Currency string
	Charged  bool   // by the vendor under the reader's allowance, without a click
	Test     bool   // paid in the sandbox, with tokens that are worth nothing
	Entry    uint64 // the number of the entry in the provider's journal
}

// ReceiptItem is what a receipt is for.
type ReceiptItem struct {
	Offer string `json:"offer,omitempty"`
	SKU   string `json:"sku,omitempty"`
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`
}

// ErrReceipt is in the chain of every refusal of Verify that is about the receipt itself.
var ErrReceipt = errors.New("farthing: the receipt is not valid")

// The bounds of fetching keys.
const (
	keysPath    = "/.well-known/jwks.json"
	keysLife    = time.Hour   // where the provider does not say how long they may be kept
	keysPause   = time.Minute // between two fetches, whatever receipts come
	maxKeys     = 200
	maxReceipt  = 16 << 10
	receiptType = "farthing-receipt+jwt"
)

// Receipts verifies receipts of one provider, without asking it about each: it fetches the
// provider's keys and keeps them as long as it may. BaseURL must be set; the rest may
// stay zero. A Receipts is safe for concurrent use and must not be copied once used.
type Receipts struct {
	BaseURL    string           // of the provider, as "https://pay.example.org"
	HTTPClient *http.Client     // nil means one with a timeout of 30 seconds
	Now        func() time.Time // nil means time.Now

	mu    sync.Mutex // held while keys are fetched, so that it is done once
	keys  map[string]ed25519.PublicKey
	until time.Time // the keys may be kept so long
	tried time.Time // when keys were last asked for
	fault error     // why there were none then
}

// Verify returns what a receipt says, if the provider signed it. A key that is not known
// has the keys fetched again, at most once a minute. While the provider cannot be
// reached, known keys stay good.
func (r *Receipts) Verify(ctx context.Context, text string) (Receipt, error) {
	if len(text) > maxReceipt {
		return Receipt{}, fmt.Errorf("%w: it is too long", ErrReceipt)
	}
	head, rest, ok := strings.Cut(text, ".")
	body, mark, more := strings.Cut(rest, ".")
	if !ok || !more {
		return Receipt{}, fmt.Errorf("%w: it has not three parts", ErrReceipt)
	}
	id, err := keyNamed(head)
	if err != nil {
		return Receipt{}, err
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(mark)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: the signature is not base64url", ErrReceipt)
	}
	key, err := r.key(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	if !ed25519.Verify(key, []byte(head+"."+body), signature) {
		return Receipt{}, fmt.Errorf("%w: the signature is wrong", ErrReceipt)
	}
	return r.read(body)
}

// keyNamed reads the header. There is one algorithm and one type, so the header chooses
// nothing: what it says else (jwk, jku, x5c) is not looked at.
func keyNamed(head string) (string, error) {
	var header struct {
		Algorithm string          `json:"alg"`
		Type      string          `json:"typ"`
		Key       string          `json:"kid"`
		Critical  json.RawMessage `json:"crit"`
		Encoded   json.RawMessage `json:"b64"`
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(head)
	if err == nil {
		err = json.Unmarshal(plain, &header)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: the header cannot be read", ErrReceipt)
	case header.Algorithm != "EdDSA":
		return "", fmt.Errorf("%w: it is not signed with EdDSA", ErrReceipt)
	case header.Type != receiptType:
		return "", fmt.Errorf("%w: it is not of type %s", ErrReceipt, receiptType)
	case header.Critical != nil || header.Encoded != nil:
		return "", fmt.Errorf("%w: it has extensions", ErrReceipt)
	case header.Key == "":
		return "", fmt.Errorf("%w: it names no key", ErrReceipt)
	}
	return header.Key, nil
}

// read reads what a receipt says, once its signature is good.
func (r *Receipts) read(body string) (Receipt, error) {
	var said struct {
		Issuer   string      `json:"iss"`
		Issued   int64       `json:"iat"`
		Reader   string      `json:"sub"`
		Vendor   string      `json:"aud"`
		Order    string      `json:"order"`
		Item     ReceiptItem `json:"item"`
		Price    string      `json:"price"`
		Currency string      `json:"currency"`
		Charged  bool        `json:"allowance"`
		Test     bool        `json:"test"`
		Entry    uint64      `json:"entry"`
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err == nil {
		err = json.Unmarshal(plain, &said)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: it cannot be read", ErrReceipt)
	}
	if said.Issuer != strings.TrimSuffix(r.BaseURL, "/") {
		return Receipt{}, fmt.Errorf("%w: it is of another provider", ErrReceipt)
	}
	return Receipt{
		Issuer: said.Issuer, PaidAt: time.Unix(said.Issued, 0).UTC(), Reader: said.Reader, Vendor: said.Vendor, Order: said.Order,
		Item: said.Item, Price: said.Price, Currency: said.Currency, Charged: said.Charged, Test: said.Test, Entry: said.Entry,
	}, nil
}

// key returns a key of the provider's.
func (r *Receipts) key(ctx context.Context, id string) (ed25519.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	key, known := r.keys[id]
	if known && now.Before(r.until) {
		return key, nil
	}
	if r.tried.IsZero() || now.Sub(r.tried) >= keysPause {
		r.tried = now
		r.fault = r.fetch(ctx, now)
		key, known = r.keys[id]
	}
	switch {
	case known:
		return key, nil
	case r.fault != nil: // it may have the key: nothing can be said of the receipt
		return nil, r.fault
	}
	return nil, fmt.Errorf("%w: the provider has no such key", ErrReceipt)
}

// fetch asks for the keys. Where that fails, those that are known stay.
func (r *Receipts) fetch(ctx context.Context, now time.Time) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.BaseURL, "/")+keysPath, nil)
	if err != nil {
		return fmt.Errorf("farthing: %w", err)
	}
	client := r.HTTPClient
	if client == nil {
		client = defaultHTTPClient
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("farthing: fetch keys: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("farthing: fetch keys: %s", response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("farthing: fetch keys: %w", err)
	}
	if err := r.take(answer); err != nil {
		return err
	}
	r.until = now.Add(mayKeep(response.Header.Get("Cache-Control")))
	return nil
}

// take reads a JWK set (RFC 7517). Of its keys it takes those that sign receipts.
func (r *Receipts) take(set []byte) error {
	var all struct {
		Keys []struct {
			Type      string `json:"kty"`
			Curve     string `json:"crv"`
			Use       string `json:"use"`
			Algorithm string `json:"alg"`
			ID        string `json:"kid"`
			X         string `json:"x"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(set, &all); err != nil {
		return fmt.Errorf("farthing: read keys: %w", err)
	}
	keys := map[string]ed25519.PublicKey{}
	for _, key := range all.Keys[:min(len(all.Keys), maxKeys)] {
		x, err := base64.RawURLEncoding.Strict().DecodeString(key.X)
		if key.Type == "OKP" && key.Curve == "Ed25519" && key.Use == "sig" && key.Algorithm == "EdDSA" && err == nil && len(x) == ed25519.PublicKeySize {
			keys[key.ID] = x
		}
	}
	r.keys = keys
	return nil
}

// mayKeep returns for how long the provider lets an answer be kept: a minute to a day.
func mayKeep(control string) time.Duration {
	for _, part := range strings.Split(control, ",") {
		text, found := strings.CutPrefix(strings.TrimSpace(part), "max-age=")
		if seconds, err := strconv.Atoi(text); found && err == nil {
			return min(max(time.Duration(seconds)*time.Second, keysPause), 24*time.Hour)
		}
	}
	return keysLife
}

func (r *Receipts) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// Receipt returns the signed receipt of one of your paid orders. Verify it with Receipts,
// and keep it: it stays good, and whoever has the provider's keys can check it.
func (c *Client) Receipt(ctx context.Context, id string) (string, error) {
	var answer struct {
		Receipt string `json:"receipt"`
	}
	err := c.get(ctx, "/v1/orders/"+url.PathEscape(id)+"/receipt", &answer)
	return answer.Receipt, err
}
