package app_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

func TestReceipts(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	order := h.order(h.live, article("a", "0.25"))
	_, err := h.Receipt(t.Context(), h.live, order.ID)
	wantCode(t, err, token.CodeOrderState)
	_, err = h.ReceiptFor(t.Context(), h.reader, order.ID)
	wantCode(t, err, token.CodeNotFound) // nobody has paid it yet
	redeemed, err := h.Redeem(t.Context(), h.live, h.buy(h.reader, order), false)
	must(t, err)

	text, err := h.Receipt(t.Context(), h.live, order.ID)
	must(t, err)
	signed, err := jose.ParseSigned(text, []jose.SignatureAlgorithm{jose.EdDSA}) // by a library that is not ours
	must(t, err)
	key := h.signingKeys(keyring.Receipt)[0]
	want(t, "kid", signed.Signatures[0].Header.KeyID, key.ID)
	want(t, "typ", signed.Signatures[0].Header.ExtraHeaders["typ"], any("farthing-receipt+jwt"))
	plain, err := signed.Verify(key.Public.(ed25519.PublicKey))
	must(t, err)
	var said map[string]any
	must(t, json.Unmarshal(plain, &said))
	for name, value := range map[string]any{
		"iss": "https://pay.example", "iat": float64(provider.Noon.Unix()), "sub": redeemed.Reader.String(), "aud": h.vendor.ID.String(),
		"order": order.ID.String(), "price": "0.25", "currency": "USD",
	} {
		want(t, name, said[name], value)
	}
	want(t, "sku", said["item"].(map[string]any)["sku"], any("a"))
	for _, secret := range []string{h.reader.Email, h.reader.User.String(), h.reader.Account.String(), `"ada`} { // without the quote, three letters are in random ids now and then
		if strings.Contains(strings.ToLower(string(plain)), strings.ToLower(secret)) {
			t.Errorf("the receipt tells %q", secret)
		}
	}

	h.Clock.Move(time.Hour)
	again, err := h.ReceiptFor(t.Context(), h.reader, order.ID)
	must(t, err)
	want(t, "the reader's receipt is the vendor's, byte for byte", again, text)
	_, _, err = h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{}, h.key(), nil)
	must(t, err)
	again, err = h.Receipt(t.Context(), h.live, order.ID)
	must(t, err)
	want(t, "a refund changes nothing about what was bought", again, text)

	_, other, _ := h.shop(h.person("another@daily.example"), "Another", "https://another.example")
	_, err = h.Receipt(t.Context(), other, order.ID)
	wantCode(t, err, token.CodeNotFound)
	_, err = h.ReceiptFor(t.Context(), h.person("eve@reader.example"), order.ID)
	wantCode(t, err, token.CodeNotFound)
}

// A receipt of a time before a rotation says the same after it, under the new key.
func TestReceiptsAfterARotation(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	order := h.order(h.live, article("a", "0.25"))
	h.buy(h.reader, order)
	before, err := h.Receipt(t.Context(), h.live, order.ID)
	must(t, err)
	old := h.signingKeys(keyring.Receipt)[0].ID
	for range 100 {
		h.Clock.Move(24 * time.Hour)
		h.signingKeys(keyring.Receipt)
	}
	keys := h.signingKeys(keyring.Receipt)
	if len(keys) != 2 || keys[0].ID == old || keys[1].ID != old {
		t.Fatalf("keys after a hundred days: %+v", keys)
	}
	after, err := h.Receipt(t.Context(), h.live, order.ID)
	must(t, err)
	one, two := strings.Split(before, "."), strings.Split(after, ".")
	want(t, "what it says", two[1], one[1])
	want(t, "its header is another", two[0] == one[0], false)
	signed, err := jose.ParseSigned(before, []jose.SignatureAlgorithm{jose.EdDSA})
	must(t, err)
	_, err = signed.Verify(keys[1].Public) // the old receipt is good as long as the old key is published
	must(t, err)
	_, err = base64.RawURLEncoding.DecodeString(two[2])
	must(t, err)
}
