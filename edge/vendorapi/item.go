package vendorapi

import (
	"time"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// item is what is sold, as it travels.
type item struct {
	SKU         string             `json:"sku,omitzero" maxLength:"200" doc:"Your own name for the item; its URL where you give none. Whoever bought it owns it under this name." example:"essay-1"`
	Title       string             `json:"title" minLength:"1" maxLength:"200" doc:"What the reader sees" example:"On farthings"`
	Description string             `json:"description,omitzero" maxLength:"1000"`
	URL         string             `json:"url,omitzero" maxLength:"2000" doc:"Where the item is, also for the reader's library" example:"https://example.org/essay"`
	Times       int64              `json:"times,omitzero" minimum:"0" maximum:"1000000" doc:"How many views a purchase gives; absent: any number"`
	Hours       int64              `json:"hours,omitzero" minimum:"0" maximum:"87840" doc:"How many hours from the first view"`
	Days        int64              `json:"days,omitzero" minimum:"0" maximum:"36600" doc:"How many days from the purchase"`
	ExpiresAt   time.Time          `json:"expires_at,omitzero" doc:"No view from then on"`
	Incentives  []token.CampaignID `json:"incentives,omitzero" maxItems:"16" nullable:"false" doc:"Campaigns whose tokens may pay for it"`
	Repeatable  bool               `json:"repeatable,omitzero" doc:"Each purchase is charged, also of what is owned already"`
}

// write writes the field "item".
func (i *item) write(w *writer) {
	w.begin("item")
	w.text("sku", i.SKU)
	w.anyText("title", i.Title)
	w.text("description", i.Description)
	w.text("url", i.URL)
	w.number("times", i.Times)
	w.number("hours", i.Hours)
	w.number("days", i.Days)
	w.time("expires_at", i.ExpiresAt)
	if i.Incentives != nil {
		w.name("incentives")
		w.b = append(w.b, '[')
		for n := range i.Incentives {
			w.comma('[')
			w.b, _ = i.Incentives[n].AppendText(append(w.b, '"')) // never fails
			w.b = append(w.b, '"')
		}
		w.b = append(w.b, ']')
	}
	w.yes("repeatable", i.Repeatable)
	w.end()
}

func (i *item) domain() (journal.Item, error) {
	out := journal.Item{
		SKU: i.SKU, Title: i.Title, Description: i.Description, URL: i.URL,
		Campaigns: i.Incentives, Repeatable: i.Repeatable,
	}
	var err error
	if out.Terms.Times, err = count("/times", i.Times, entitlement.MaxTimes); err != nil {
		return out, err
	}
	if out.Terms.Hours, err = count("/hours", i.Hours, entitlement.MaxHours); err != nil {
		return out, err
	}
	if out.Terms.Days, err = count("/days", i.Days, entitlement.MaxDays); err != nil {
		return out, err
	}
	if !i.ExpiresAt.IsZero() {
		if i.ExpiresAt.Unix() <= 0 || i.ExpiresAt.Year() > 9999 {
			return out, errExpiry(i.ExpiresAt)
		}
		out.Terms.Expiry = i.ExpiresAt.UnixMilli()
	}
	if len(i.Incentives) > catalog.MaxCampaigns {
		return out, token.Refuse(token.Unprocessable, "field_invalid.item_campaigns", token.Number("most", catalog.MaxCampaigns), token.Number("got", int64(len(i.Incentives)))).In("/incentives")
	}
	return out, nil
}

// errExpiry refuses an expires_at that no database can keep.
func errExpiry(at time.Time) error {
	return token.Refuse(token.Unprocessable, "field_invalid.expires_at", token.Given("got", at.Format(time.RFC3339))).In("/expires_at")
}

func itemOf(i *journal.Item) item {
	return item{
		SKU: i.SKU, Title: i.Title, Description: i.Description, URL: i.URL,
		Times: int64(i.Terms.Times), Hours: int64(i.Terms.Hours), Days: int64(i.Terms.Days), ExpiresAt: moment(i.Terms.Expiry),
		Incentives: i.Campaigns, Repeatable: i.Repeatable,
	}
}
