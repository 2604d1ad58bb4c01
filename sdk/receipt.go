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
	keysPath     = "/.well-known/jwks.json"
	keysLife     = time.Hour        // where the provider does not say how long they may be kept
	keysPause    = time.Minute      // between two fetches, whatever receipts come
	keysAgain    = 5 * time.Second  // after one that failed
	keysPatience = 10 * time.Second // for one fetch
	keysWait     = time.Second      // for a fetch, where the key is known and only its age asks for one
	maxKeys      = 200
	maxReceipt   = 16 << 10
	receiptType  = "farthing-receipt+jwt"
)

// Receipts verifies receipts of one provider, without asking it about each: it fetches the
// provider's keys and keeps them as long as it may. BaseURL must be set; the rest may
// stay zero. A Receipts is safe for concurrent use and must not be copied once used.
//
// Keys are fetched for all callers at once, and none of them can spoil that: a caller whose
// context ends stops waiting, and the fetch goes on. Who needs no new key waits for none.
type Receipts struct {
	BaseURL    string           // of the provider, as "https://pay.example.org"
	HTTPClient *http.Client     // nil means one with a timeout of 30 seconds
	Now        func() time.Time // nil means time.Now

	mu       sync.Mutex // never held while somebody waits
	keys     map[string]ed25519.PublicKey
	until    time.Time // the keys may be kept so long
	tried    time.Time // when keys were last asked for
	fault    error     // why there were none then
	fetching *fetch    // nil for none under way
}

// fetch is one fetch of the keys, for which any number of callers wait.
type fetch struct {
	done chan struct{} // closed when it has ended
	late chan struct{} // closed when who has the key need not wait any longer
}

// Verify returns what a receipt says, if the provider signed it. A key that is not known
// has the keys fetched again: at most once a minute, or five seconds after a fetch that
// failed. While the provider cannot be reached, known keys stay good. An error that is not
// ErrReceipt says nothing about the receipt: ask again later.
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
	key, under := r.known(ctx, id)
	if under == nil {
		if key != nil {
			return key, nil
		}
		return r.found(id)
	}
	late := under.late
	if key == nil {
		late = nil // nothing but the fetch can help
	}
	select {
	case <-under.done:
	case <-late:
	case <-ctx.Done():
		if key == nil {
			return nil, fmt.Errorf("farthing: wait for keys: %w", ctx.Err())
		}
	}
	return r.found(id)
}

// known returns a key where it is known, and the fetch to wait for where one is due or could
// bring it.
func (r *Receipts) known(ctx context.Context, id string) (ed25519.PublicKey, *fetch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	key := r.keys[id]
	if key != nil && now.Before(r.until) {
		return key, nil
	}
	pause := keysPause
	if r.fault != nil {
		pause = keysAgain
	}
	if r.fetching == nil && (r.tried.IsZero() || now.Sub(r.tried) >= pause) {
		r.tried = now
		r.fetching = &fetch{done: make(chan struct{}), late: make(chan struct{})}
		go r.fetchAll(context.WithoutCancel(ctx), r.fetching, now)
	}
	return key, r.fetching
}

// found returns a key that is known now, or says why it is not.
func (r *Receipts) found(id string) (ed25519.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch key := r.keys[id]; {
	case key != nil:
		return key, nil
	case r.fault != nil: // it may have the key: nothing can be said of the receipt
		return nil, r.fault
	}
	return nil, fmt.Errorf("%w: the provider has no such key", ErrReceipt)
}

// fetchAll fetches the keys for all who wait. Where that fails, those that are known stay.
func (r *Receipts) fetchAll(ctx context.Context, under *fetch, now time.Time) {
	ctx, stop := context.WithTimeout(ctx, keysPatience)
	defer stop()
	timer := time.AfterFunc(keysWait, func() { close(under.late) })
	defer timer.Stop()
	keys, life, err := r.fetch(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault = err; err == nil {
		r.keys, r.until = keys, now.Add(life)
	}
	r.fetching = nil
	close(under.done)
}

// fetch asks for the keys, and for how long they may be kept.
func (r *Receipts) fetch(ctx context.Context) (map[string]ed25519.PublicKey, time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.BaseURL, "/")+keysPath, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("farthing: %w", err)
	}
	client := r.HTTPClient
	if client == nil {
		client = defaultHTTPClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("farthing: fetch keys: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("farthing: fetch keys: %s", response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, 0, fmt.Errorf("farthing: fetch keys: %w", err)
	}
	keys, err := readKeys(answer)
	return keys, mayKeep(response.Header.Get("Cache-Control")), err
}

// readKeys reads a JWK set (RFC 7517). Of its keys it takes those that sign receipts.
func readKeys(set []byte) (map[string]ed25519.PublicKey, error) {
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
		return nil, fmt.Errorf("farthing: read keys: %w", err)
	}
	keys := map[string]ed25519.PublicKey{}
	for _, key := range all.Keys[:min(len(all.Keys), maxKeys)] {
		x, err := base64.RawURLEncoding.Strict().DecodeString(key.X)
		if key.Type == "OKP" && key.Curve == "Ed25519" && key.Use == "sig" && key.Algorithm == "EdDSA" && err == nil && len(x) == ed25519.PublicKeySize {
			keys[key.ID] = x
		}
	}
	return keys, nil
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
