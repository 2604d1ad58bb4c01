package selling

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// ReceiptType is the media type in the header of a receipt (RFC 8725, section 3.11), by
// which nothing else that we sign can be taken for one.
const ReceiptType = "farthing-receipt+jwt"

// receipt is what a receipt says. It tells what was bought when the purchase was made;
// what happened to it later, such as a refund, is with the order.
type receipt struct {
	Issuer   string         `json:"iss"` // the provider's address
	Issued   int64          `json:"iat"` // when it was paid, in seconds since 1970
	Reader   token.ReaderID `json:"sub"` // the vendor's pseudonym of who paid
	Vendor   token.VendorID `json:"aud"`
	Order    token.OrderID  `json:"order"`
	Item     receiptItem    `json:"item"`
	Price    string         `json:"price"` // what was charged, in major units
	Currency token.Currency `json:"currency"`
	Charged  bool           `json:"allowance,omitempty"` // by the vendor, under an allowance, without a click
	Test     bool           `json:"test,omitempty"`      // paid in the sandbox
	Entry    uint64         `json:"entry"`               // the number of the journal's entry
}

// receiptItem is what was bought.
type receiptItem struct {
	Offer token.OfferID `json:"offer,omitzero"`
	SKU   string        `json:"sku,omitempty"`
	Title string        `json:"title,omitempty"`
	URL   string        `json:"url,omitempty"`
}

// Receipt returns the signed receipt of one of the vendor's paid orders: a JWS in compact
// form (RFC 7515), signed with EdDSA (RFC 8037). The same order has the same bytes
// until the key rotates, and the same statement for ever.
func (a *Selling) Receipt(ctx context.Context, s caller.Seller, id token.OrderID) (string, error) {
	order, err := a.order(ctx, s, id)
	if err != nil {
		return "", err
	}
	return a.ReceiptOf(ctx, order)
}

func (a *Selling) ReceiptOf(ctx context.Context, o *core.Order) (string, error) {
	if o.Status != core.Paid && o.Status != core.Reversed {
		return "", token.Refuse(token.Conflict, "order_state.no_receipt_yet")
	}
	view, err := a.view(ctx, o)
	if err != nil {
		return "", err
	}
	said, err := json.Marshal(receipt{
		Issuer: a.baseURL, Issued: o.PaidAt / int64(time.Second/time.Millisecond), Reader: view.Reader, Vendor: o.Vendor, Order: o.ID,
		Item:  receiptItem{Offer: o.Offer, SKU: view.Item.SKU, Title: view.Item.Title, URL: view.Item.URL},
		Price: o.Sale.Price.Decimal(o.Currency.Digits()), Currency: o.Currency, Charged: o.Sale.Consent.Method == journal.ByAllowance, Test: o.Test, Entry: o.PaidSeq,
	})
	if err != nil {
		return "", token.Wrap(err, "write a receipt")
	}
	return a.sign(ctx, said)
}

// sign signs what a receipt says.
func (a *Selling) sign(ctx context.Context, said []byte) (string, error) {
	keys, err := a.keys.SigningKeys(ctx, keyring.Receipt)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: keys[0].Private, KeyID: keys[0].ID}},
		(&jose.SignerOptions{}).WithType(ReceiptType))
	if err != nil {
		return "", token.Wrap(err, "make a signer")
	}
	signed, err := signer.Sign(said)
	if err != nil {
		return "", token.Wrap(err, "sign a receipt")
	}
	text, err := signed.CompactSerialize()
	return text, token.Wrap(err, "write a receipt")
}
