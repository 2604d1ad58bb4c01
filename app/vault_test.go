package app_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// ticket buys something and returns the ticket for it.
func (h *house) ticket(sku string) string {
	h.t.Helper()
	h.fund(h.reader, usd, "1")
	return h.buy(h.reader, h.order(h.live, article(sku, "0.10")))
}

// inFiles reports whether any file of the database holds the bytes.
func (h *house) inFiles(secret []byte) bool {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.Folder, "*"))
	must(h.t, err)
	found, read := false, 0
	for _, name := range files {
		content, err := os.ReadFile(name)
		must(h.t, err)
		read += len(content)
		found = found || bytes.Contains(content, secret)
	}
	want(h.t, "the files are there", read > 0, true)
	return found
}

// kept returns the bytes that the database keeps of a key.
func (h *house) kept(key keyring.TicketKey) (sealed []byte) {
	h.t.Helper()
	err := h.DB.SQL().QueryRowContext(h.t.Context(), `SELECT sealed FROM ticket_roots WHERE epoch = $1 AND id = $2`, int64(key.Epoch), key.ID).Scan(&sealed)
	must(h.t, err)
	return sealed
}

// root decrypts a stored root key, as whoever has the provider's secret can.
func (h *house) root(key keyring.TicketKey) []byte {
	h.t.Helper()
	box, err := hkdf.Key(sha256.New, h.Deps.Secret[:], nil, "farthing ticket keys "+string(make([]byte, 16)), 32)
	must(h.t, err)
	block, err := aes.NewCipher(box)
	must(h.t, err)
	aead, err := cipher.NewGCM(block)
	must(h.t, err)
	root, err := aead.Open(nil, key.Sealed[:12], key.Sealed[12:], binary.BigEndian.AppendUint32(nil, uint32(key.Epoch)))
	must(h.t, err)
	return root
}

// openWith opens a ticket with a root key: what an attacker would do.
func (h *house) openWith(root []byte, ticket string) error {
	h.t.Helper()
	sealed := decoded(h.t, ticket)
	key, err := hkdf.Expand(sha256.New, root, "farthing ticket "+string(h.vendor.ID[:]), 32)
	must(h.t, err)
	block, err := aes.NewCipher(key)
	must(h.t, err)
	aead, err := cipher.NewGCM(block)
	must(h.t, err)
	_, err = aead.Open(nil, sealed[4:16], sealed[16:], sealed[:4])
	return err
}

// Two epochs later a ticket's key is nowhere: not in the database, not in its files,
// and not to be had from the provider's secret.
func TestTicketsOfPastEpochsCannotBeOpenedByAnybody(t *testing.T) {
	h := open(t)
	must(t, h.TurnKeys(t.Context()))
	ticket := h.ticket("a")
	stored, err := h.catalog.TicketKeys(t.Context(), 0)
	must(t, err)
	want(t, "keys kept", len(stored), 2)
	first := stored[0]
	root := h.root(first)
	must(t, h.openWith(root, ticket)) // while it is there, the key opens the ticket
	kept := h.kept(first)             // encrypted once more, under a key that is destroyed
	want(t, "the key is in the files", h.inFiles(kept), true)

	h.Clock.Move(keyring.EpochLength)
	must(t, h.TurnKeys(t.Context()))
	want(t, "after one epoch the key is in the files", h.inFiles(kept), true)
	h.Clock.Move(keyring.EpochLength)
	must(t, h.TurnKeys(t.Context()))
	want(t, "after two epochs the key is in the files", h.inFiles(kept) || h.inFiles(first.Sealed), false)
	want(t, "the bare key is in the files", h.inFiles(root), false)
	stored, err = h.catalog.TicketKeys(t.Context(), 0)
	must(t, err)
	want(t, "keys kept", len(stored), 3)
	for _, key := range stored {
		want(t, "the key is among those kept", key.Epoch == first.Epoch, false)
		if h.openWith(h.root(key), ticket) == nil {
			t.Error("the key of another epoch opens the ticket")
		}
	}
	_, err = h.Redeem(t.Context(), h.live, ticket, false)
	wantCode(t, err, token.CodeTicketExpired)

	h.Clock.Move(-2 * keyring.EpochLength) // a clock that is turned back brings no key back
	for _, again := range []*app.Rooms{h.Rooms, app.Compose(h.Deps)} {
		if _, err = again.Redeem(t.Context(), h.live, ticket, false); err == nil {
			t.Error("a ticket was opened after its key was destroyed")
		}
	}
}

func TestTicketsOutliveTheirEpochAndAreGoodAtEveryReplica(t *testing.T) {
	h := open(t)
	other := app.Compose(h.Deps)
	h.Clock.Move(keyring.EpochLength - time.Second) // the last second of an epoch
	ticket := h.ticket("a")
	h.Clock.Move(90 * time.Second)
	must(t, other.TurnKeys(t.Context()))
	redeemed, err := other.Redeem(t.Context(), h.live, ticket, false)
	must(t, err)
	want(t, "item", redeemed.Order.Item.SKU, "a")
	_, err = h.Redeem(t.Context(), h.live, ticket, false)
	wantCode(t, err, token.CodeTicketUsed)
}

func TestTicketsReadNoDatabaseOnceTheKeysAreThere(t *testing.T) {
	h := open(t)
	must(t, h.TurnKeys(t.Context()))
	first, second := h.ticket("a"), h.ticket("b")
	_, err := h.Redeem(t.Context(), h.live, first, false)
	must(t, err)
	h.Clock.Move(keyring.EpochLength - 2*time.Minute)
	must(t, h.TurnKeys(t.Context()))
	h.Clock.Move(time.Minute)
	third := h.ticket("c")
	h.Clock.Move(90 * time.Second) // a new epoch, and nobody turned the keys
	fourth := h.buy(h.reader, h.order(h.live, article("a", "0.10")))
	h.catalog.reads.Store(0)
	for _, ticket := range []string{third, fourth} {
		_, err = h.Redeem(t.Context(), h.live, ticket, false)
		must(t, err)
	}
	want(t, "reads of the database", h.catalog.reads.Load(), 0)
	_, err = h.Redeem(t.Context(), h.live, second, false)
	wantCode(t, err, token.CodeTicketExpired)
}

func decoded(t testing.TB, ticket string) []byte {
	t.Helper()
	sealed, err := base64.RawURLEncoding.DecodeString(ticket)
	must(t, err)
	return sealed
}
