package incentive

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// CreateCampaign makes a cause for which the vendor gives incentive tokens at its
// own expense. They can be spent at this vendor only.
func (a *Incentives) CreateCampaign(ctx context.Context, s caller.Seller, in CampaignInput, key string, digest []byte) (campaign catalog.Campaign, replayed bool, err error) {
	request, err := caller.CatalogRequest(s, key, "campaign", digest, a.clock.Now())
	if err != nil {
		return campaign, false, err
	}
	if s.Test {
		return campaign, false, caller.WrongMode(false)
	}
	return a.addCampaign(ctx, s.Vendor, in, request)
}

// CreateProviderCampaign makes a cause for which the provider gives incentive tokens.
func (a *Incentives) CreateProviderCampaign(ctx context.Context, in CampaignInput) (catalog.Campaign, error) {
	campaign, _, err := a.addCampaign(ctx, token.VendorID{}, in, catalog.Request{At: a.clock.Now().UnixMilli()})
	return campaign, err
}

func (a *Incentives) addCampaign(ctx context.Context, issuer token.VendorID, in CampaignInput, request catalog.Request) (campaign catalog.Campaign, replayed bool, err error) {
	if err := catalog.CheckName("campaign_name", in.Name); err != nil {
		return campaign, false, err
	}
	if err := a.directory.CheckCurrency(in.Currency); err != nil {
		return campaign, false, err
	}
	campaign = catalog.Campaign{
		ID: token.NewID[token.CampaignKind](a.ids), Issuer: issuer, Name: in.Name, Currency: in.Currency, Listed: in.Listed, CreatedAt: request.At,
	}
	if !in.ExpiresAt.IsZero() {
		campaign.ExpiresAt = in.ExpiresAt.UnixMilli()
	}
	if campaign.ExpiresAt != 0 && campaign.ExpiresAt <= request.At {
		return campaign, false, token.Refuse(token.Unprocessable, "field_invalid.campaign_ended")
	}
	made, err := a.catalog.AddCampaign(ctx, campaign, request)
	if err == nil && made.Replayed {
		campaign, err = a.campaign(ctx, made.ID)
	}
	return campaign, made.Replayed, err
}

func (a *Incentives) campaign(ctx context.Context, id token.CampaignID) (catalog.Campaign, error) {
	return a.campaigns.Get(id, func() (catalog.Campaign, error) { return a.catalog.Campaign(ctx, id) })
}

// Campaigns returns a page of the vendor's campaigns.
func (a *Incentives) Campaigns(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Campaign, next string, err error) {
	return paging.Of(before, limit, func(before token.CampaignID, limit int) ([]catalog.Campaign, error) {
		return a.catalog.Campaigns(ctx, s.Vendor, before, limit)
	}, func(c catalog.Campaign) token.CampaignID { return c.ID })
}

// GrantIncentive gives one of the vendor's readers incentive tokens out of a campaign.
func (a *Incentives) GrantIncentive(ctx context.Context, s caller.Seller, in GrantInput, key string, digest []byte) (replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "grant", digest)
	if err != nil {
		return false, err
	}
	if s.Test {
		return false, caller.WrongMode(false)
	}
	campaign, err := a.campaign(ctx, in.Campaign)
	if err != nil || campaign.Issuer != s.Vendor {
		return false, caller.Foreign(err, "not_found.campaign")
	}
	_, account, err := a.directory.Payer(ctx, s, in.Reader)
	if err != nil {
		return false, err
	}
	if err := a.lapse(ctx, account); err != nil { // what is over makes room
		return false, err
	}
	out, err := a.engine.Do(ctx, grantOf(campaign, account, in.Amount, []token.VendorID{s.Vendor}, idem))
	return out.Replayed, err
}

// LapseOld takes away, when somebody logs in, what has expired in her account and was given by an
// earlier version, whose entries do not say when they fall due. A login does not wait for it.
func (a *Incentives) LapseOld(ctx context.Context, id token.AccountID) {
	ctx, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if err := a.lapse(ctx, id); err != nil {
		a.log.WarnContext(ctx, "expired incentive tokens were not taken away; they pay for nothing", "error", err)
	}
}

// lapse takes away what has expired in an account.
func (a *Incentives) lapse(ctx context.Context, id token.AccountID) error {
	account, err := a.engine.Account(ctx, id)
	if err != nil {
		return err
	}
	now := a.clock.Now().UnixMilli()
	for i := range account.Wallets {
		if w := &account.Wallets[i]; w.Expired(now) && w.Balance > 0 {
			if _, err := a.engine.Do(ctx, &core.Lapse{Account: id, Campaign: w.Class.Campaign, Currency: w.Currency}); err != nil {
				return err
			}
		}
	}
	return nil
}

// GrantProviderIncentive gives an account incentive tokens at the provider's expense, to
// be spent at some vendors, or at all where none is named. The same reference is
// granted once.
func (a *Incentives) GrantProviderIncentive(ctx context.Context, account token.AccountID, id token.CampaignID, amount token.Amount, vendors []token.VendorID, reference string) error {
	campaign, err := a.campaign(ctx, id)
	if err != nil || !campaign.Issuer.IsZero() {
		return caller.Foreign(err, "not_found.campaign")
	}
	if _, err := a.catalog.Account(ctx, account); err != nil {
		return caller.Foreign(err, "not_found.account")
	}
	key := journal.NewKey(account, "grant "+id.String(), reference, []byte(amount.Decimal(6)))
	grant := grantOf(campaign, account, amount, vendors, key)
	_, request, err := caller.ByCommand().Instruct(ctx, a.engine, a.clock.Now(), journal.Instruction{Account: account, Grant: &grant.Grant, Key: key}, "")
	if err == nil && request != 0 {
		err = token.Refuse(token.Forbidden, "approval_needed.second")
	}
	return err
}

func grantOf(c catalog.Campaign, account token.AccountID, amount token.Amount, vendors []token.VendorID, key journal.Key) *core.Grant {
	return &core.Grant{Account: account, Key: key, Grant: journal.Grant{
		Campaign: c.ID, Amount: amount, Currency: c.Currency, Issuer: c.Issuer, Vendors: vendors, Listed: c.Listed, Expiry: c.ExpiresAt,
	}}
}

// GrantInput is incentive tokens for one reader, out of a campaign.
type GrantInput struct {
	Campaign token.CampaignID
	Reader   token.ReaderID
	Amount   token.Amount
}

// CampaignInput is a campaign of incentive tokens.
type CampaignInput struct {
	Name      string
	Currency  token.Currency
	Listed    bool      // only for items that list the campaign
	ExpiresAt time.Time // zero for never
}
