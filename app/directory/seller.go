package directory

import (
	"context"
	"crypto/sha256"
	"strings"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// Seller returns who a vendor's key belongs to.
func (a *Directory) Seller(ctx context.Context, bearer string) (caller.Seller, error) {
	unknown := token.Refuse(token.Unauthorised, "unauthorised.key")
	if len(bearer) > 200 || (!strings.HasPrefix(bearer, liveKey) && !strings.HasPrefix(bearer, testKey)) {
		return caller.Seller{}, unknown
	}
	hash := catalog.KeyHash(sha256.Sum256([]byte(bearer)))
	key, err := a.apiKeys.Get(hash, func() (catalog.APIKey, error) { return a.catalog.KeyByHash(ctx, hash) })
	if err == nil && key.RevokedAt != 0 {
		a.activity.Record(ctx, activity.Event{Code: token.CodeKeyRevoked, Vendor: key.Vendor, Detail: "the revoked key that ends in " + key.Hint + " was used"})
		return caller.Seller{}, unknown
	}
	if token.CodeOf(err) == token.CodeNotFound {
		return caller.Seller{}, unknown
	}
	return caller.Seller{Vendor: key.Vendor, Key: key.ID, Login: key.Login, Test: key.Test}, err
}

// Me returns who the seller is.
func (a *Directory) Me(ctx context.Context, s caller.Seller) (Me, error) {
	vendor, err := a.VendorByID(ctx, s.Vendor)
	if err != nil {
		return Me{}, err
	}
	reader, err := a.deriver.Pseudonym(s.Vendor, vendor.SandboxUser)
	return Me{Vendor: s.Vendor, Name: vendor.Name, Login: s.Login, Key: s.Key, Test: s.Test, SandboxReader: reader}, err
}

// Me is who a key belongs to.
type Me struct {
	Vendor        token.VendorID
	Name          string
	Login         string
	Key           token.KeyID
	Test          bool
	SandboxReader token.ReaderID // who pays for test orders
}
