package vendorapi_test

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// charge tries to sell the offer to the reader once.
func (h *house) charge(reader, offer string) error {
	_, err := h.live.CreatePurchase(h.t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer})
	return err
}

// given returns the allowances that the reader sees in the wallet.
func (h *house) given() []buying.AllowanceView {
	h.t.Helper()
	wallet, err := h.App.Wallet(h.t.Context(), h.reader)
	h.must(err)
	return wallet.Allowances
}

func TestWhetherAnAllowanceCovers(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	reader, offer := h.readerID(), h.offer() // at 0.10 USD
	wantAllowed := func(when string, want bool) {
		t.Helper()
		head := h.Engine.Head()
		got, err := h.live.Allowed(ctx, offer, reader)
		h.must(err)
		if got != want || h.Engine.Head() != head {
			t.Errorf("%s: allowed %v, want %v, and something was written: %v", when, got, want, h.Engine.Head() != head)
		}
	}
	wantAllowed("without an allowance", false)
	h.allow(90_000, token.PerUnit)
	wantAllowed("above what one purchase may cost", false)
	h.allow(100_000, 150_000)
	wantAllowed("within it", true)
	h.must(h.charge(reader, offer))
	wantAllowed("with the period used up", false)
	h.Clock.Move(31 * 24 * time.Hour)
	wantAllowed("after it has ended", false)

	// The reader's limits and funds are not the vendor's to see.
	_, again, err := h.App.LogIn(ctx, "reader@example.org", "correct horse battery")
	h.must(err)
	h.reader = again
	h.allow(100_000, 150_000)
	h.must(h.App.SetLimit(ctx, h.reader, buying.LimitInput{Currency: token.MustCurrency("USD"), Period: limit.PerPurchase, Max: 1}))
	wantAllowed("beyond the reader's own limit", true)
	head := h.Engine.Head()
	h.refused(head, h.charge(reader, offer), sdk.LimitExceeded)

	h.must(h.App.TakeAllowance(ctx, h.reader, h.given()[0].ID))
	wantAllowed("after it was taken back", false)
}

func TestWhoMayAskAboutAnAllowance(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	reader, offer := h.readerID(), h.offer()
	h.allow(token.PerUnit, token.PerUnit)
	for _, test := range []struct {
		name          string
		client        *sdk.Client
		offer, reader string
		code          string
	}{
		{"another vendor", h.other, offer, reader, sdk.NotFound},
		{"a reader that is none", h.live, offer, token.ReaderID{1}.String(), sdk.NotFound},
		{"no reader", h.live, offer, "nobody", sdk.NotFound},
		{"an offer that is none", h.live, token.OfferID{1}.String(), reader, sdk.NotFound},
		{"a sandbox key", h.test, offer, reader, "mode_mismatch"},
		{"no key", &sdk.Client{BaseURL: h.server.URL, Key: "fk_live_none"}, offer, reader, "unauthorised"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if yes, err := test.client.Allowed(ctx, test.offer, test.reader); yes || sdk.Code(err) != test.code {
				t.Errorf("answered %v, %v; want %s", yes, err, test.code)
			}
		})
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+"/v1/offers/"+offer+"/readers/"+reader, nil)
	h.must(err)
	request.Header.Set("Authorization", "Bearer "+h.liveKey)
	response, err := http.DefaultClient.Do(request)
	h.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	h.must(err)
	if string(body) != `{"allowed":true,"offer_version":1}` { // the version is the vendor's own
		t.Errorf("the vendor learns %s", body)
	}
}

// However many charges run side by side, they stay within the allowance.
func TestRacingChargesStayWithinTheAllowance(t *testing.T) {
	h := newHouse(t)
	reader, offer := h.readerID(), h.offer()
	h.allow(100_000, 750_000)
	var sold, refused atomic.Int64
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			switch err := h.charge(reader, offer); sdk.Code(err) {
			case "":
				sold.Add(1)
			case sdk.AllowanceExceeded:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if sold.Load() != 7 || refused.Load() != 25 {
		t.Errorf("%d were sold and %d refused, want 7 and 25", sold.Load(), refused.Load())
	}
	if given := h.given(); len(given) != 1 || given[0].Spent != 700_000 {
		t.Errorf("the wallet says %+v", given)
	}
}

// Once taking back is answered, no charge that begins then succeeds, though many are
// under way.
func TestTakingBackStopsTheNextCharge(t *testing.T) {
	h := newHouse(t)
	reader, offer := h.readerID(), h.offer()
	h.allow(100_000, 1000*token.PerUnit)
	h.must(h.App.AddDemoFunds(t.Context(), h.reader, token.MustCurrency("USD"), 1000*token.PerUnit, "plenty"))
	const chargers, before = 16, 64
	var sold atomic.Int64
	var taken atomic.Bool
	enough := make(chan struct{})
	var all sync.WaitGroup
	for range chargers {
		all.Go(func() {
			for range 5000 {
				late := taken.Load()
				err := h.charge(reader, offer)
				switch code := sdk.Code(err); {
				case err == nil && late:
					t.Error("charged after the allowance was taken back")
				case err == nil:
					if sold.Add(1) == before {
						close(enough)
					}
				case code == sdk.AllowanceMissing:
					return
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	<-enough
	id := h.given()[0].ID
	h.must(h.App.TakeAllowance(t.Context(), h.reader, id))
	taken.Store(true)
	h.refused(h.Engine.Head(), h.charge(reader, offer), sdk.AllowanceMissing)
	all.Wait()
	if len(h.given()) != 0 {
		t.Error("the wallet still shows it")
	}
}
