package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

type campaigns interface {
	CreateCampaign(ctx context.Context, s caller.Seller, in incentive.CampaignInput, key string, digest []byte) (catalog.Campaign, bool, error)
	Campaigns(ctx context.Context, s caller.Seller, before string, limit int) ([]catalog.Campaign, string, error)
	GrantIncentive(ctx context.Context, s caller.Seller, in incentive.GrantInput, key string, digest []byte) (bool, error)
}

type newCampaign struct {
	Name      string         `json:"name" minLength:"1" maxLength:"100" example:"Spring readers"`
	Currency  token.Currency `json:"currency" pattern:"^[A-Z]{3}$" example:"USD"`
	Listed    bool           `json:"listed,omitzero" doc:"Its tokens pay only for items that list it among their incentives"`
	ExpiresAt time.Time      `json:"expires_at,omitzero" doc:"Its tokens lapse then; absent: never"`
}

// campaign is a cause for which incentive tokens are given, as it travels.
type campaign struct {
	ID        token.CampaignID `json:"id"`
	Name      string           `json:"name"`
	Currency  token.Currency   `json:"currency"`
	Listed    bool             `json:"listed"`
	ExpiresAt time.Time        `json:"expires_at,omitzero"`
	CreatedAt time.Time        `json:"created_at"`
}

type newGrant struct {
	Reader token.ReaderID `json:"reader" doc:"Who gets the tokens, by your pseudonym"`
	Amount string         `json:"amount" doc:"In major units of the campaign's currency" example:"1.00"`
}

// grant is incentive tokens given, as it travels.
type grant struct {
	Campaign token.CampaignID `json:"campaign"`
	Reader   token.ReaderID   `json:"reader"`
	Amount   string           `json:"amount"`
}

func campaignOf(c catalog.Campaign) campaign {
	return campaign{ID: c.ID, Name: c.Name, Currency: c.Currency, Listed: c.Listed, ExpiresAt: moment(c.ExpiresAt), CreatedAt: moment(c.CreatedAt)}
}

func (a *api) addCampaigns() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/campaigns", id: "createCampaign", tag: "Campaigns", status: http.StatusCreated,
		summary: "Create a campaign of incentive tokens", explain: "You pay for its tokens when they are spent. What they come to in all is bounded by the provider.",
		refuses: []token.Code{token.CodeFieldInvalid, token.CodeCurrencyInvalid},
	}, func(ctx context.Context, c *call, in *newCampaign) (answer[campaign], error) {
		if !in.ExpiresAt.IsZero() && (in.ExpiresAt.Unix() <= 0 || in.ExpiresAt.Year() > 9999) {
			return answer[campaign]{}, errExpiry(in.ExpiresAt)
		}
		input := incentive.CampaignInput{Name: in.Name, Currency: in.Currency, Listed: in.Listed, ExpiresAt: in.ExpiresAt}
		made, replayed, err := a.app.CreateCampaign(ctx, c.seller, input, c.key, c.digest)
		return answer[campaign]{body: campaignOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/campaigns", id: "listCampaigns", tag: "Campaigns", list: true, summary: "List your campaigns, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[campaign]], error) {
		found, next, err := a.app.Campaigns(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, campaignOf), err
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/campaigns/{id}/grants", id: "grantIncentive", tag: "Campaigns", status: http.StatusCreated,
		summary: "Give a reader tokens of a campaign",
		refuses: []token.Code{token.CodeNotFound, token.CodeAmountInvalid, token.CodeOverflow, token.CodeFieldInvalid, token.CodeGiftsFull, token.CodeIncentiveDebt},
	}, func(ctx context.Context, c *call, in *newGrant) (answer[grant], error) {
		id, err := pathID[token.CampaignKind](c)
		if err != nil {
			return answer[grant]{}, err
		}
		amount, err := token.ParseAmount(in.Amount)
		if err != nil {
			return answer[grant]{}, token.In("/amount", err)
		}
		replayed, err := a.app.GrantIncentive(ctx, c.seller, incentive.GrantInput{Campaign: id, Reader: in.Reader, Amount: amount}, c.key, c.digest)
		return answer[grant]{body: grant{Campaign: id, Reader: in.Reader, Amount: amount.Decimal(2)}, replayed: replayed}, err
	})
}
