package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/examples/calls"
	"farthing.dev/farthing/examples/music"
	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// storyDays is how far back the history goes.
const storyDays = 14

// storyBegins is when the first person of the history signs up: a morning.
func storyBegins(now time.Time) time.Time {
	return now.UTC().AddDate(0, 0, -storyDays).Truncate(24 * time.Hour).Add(6 * time.Hour)
}

// story writes the demo's history: people and shops open, money comes in, things
// are bought, played, refunded. Readers act through the application, shops through
// the public API, as they would.
type story struct {
	*demo
	begins  time.Time
	viewers map[string]caller.Viewer // by e-mail, at their last login
	logins  []string                 // what the browsers of the story held
	offers  map[string]string        // of the newspaper, by the article's slug
}

// The two readers.
const (
	ada = "ada@readers.example"
	ben = "ben@readers.example"
)

func (d *demo) seed(ctx context.Context) error {
	s := &story{demo: d, begins: storyBegins(time.Now()), viewers: map[string]caller.Viewer{}}
	for _, chapter := range []func(context.Context) error{s.people, s.wallets, s.shops, s.firstWeek, s.secondWeek, s.everybodyLeaves} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// at moves the story to an hour of one of its days, counted from 0.
func (s *story) at(day, hour, minute int) {
	midnight := s.begins.Truncate(24 * time.Hour)
	s.clock.goTo(midnight.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute))
}

// people signs everybody up.
func (s *story) people(ctx context.Context) error {
	for _, p := range demoPeople() {
		login, viewer, err := s.provider.app.SignUp(ctx, login.SignUp{Email: p.Email, Password: demoPassword, Name: p.Name})
		if err != nil {
			return fmt.Errorf("sign up %s: %w", p.Email, err)
		}
		s.viewers[p.Email], s.logins = viewer, append(s.logins, login)
	}
	return nil
}

// everybodyLeaves logs everybody out, so that the devices page lists real browsers only.
func (s *story) everybodyLeaves(ctx context.Context) error {
	for _, login := range s.logins {
		if err := s.provider.app.LogOut(ctx, login); err != nil {
			return fmt.Errorf("log out: %w", err)
		}
	}
	return nil
}

// wallets puts money into the readers' wallets.
func (s *story) wallets(ctx context.Context) error {
	s.at(0, 8, 0)
	for _, f := range []struct{ who, amount, currency string }{
		{ada, "20", "USD"}, {ada, "10", "EUR"}, {ada, "1500", "JPY"},
		{ben, "8", "USD"}, {ben, "12", "EUR"}, {ben, "900", "JPY"},
	} {
		amount, err := token.ParseAmount(f.amount)
		if err != nil {
			return err
		}
		if err := s.provider.app.AddDemoFunds(ctx, s.viewers[f.who], token.MustCurrency(f.currency), amount, "demo-"+f.who+"-"+f.currency); err != nil {
			return fmt.Errorf("fund %s: %w", f.who, err)
		}
	}
	return nil
}

// shops opens the shops, and makes the key that each of them calls the API with.
func (s *story) shops(ctx context.Context) error {
	for _, p := range demoPeople() {
		if p.Shop == "" {
			continue
		}
		viewer := s.viewers[p.Email]
		for i, one := range shops {
			if one.id != p.Shop {
				continue
			}
			vendor, err := s.provider.app.CreateVendor(ctx, viewer, one.name, s.urls[one.id])
			if err != nil {
				return fmt.Errorf("open %s: %w", one.name, err)
			}
			if viewer, err = s.logIn(ctx, p.Email); err != nil {
				return err
			}
			secret, _, err := s.provider.app.CreateKey(ctx, viewer, vendor.ID, "website", false)
			if err != nil {
				return fmt.Errorf("make a key for %s: %w", one.name, err)
			}
			s.state.Keys[one.id] = secret
			if err := s.openShop(ctx, i); err != nil {
				return err
			}
			if one.id == gazette {
				if err := s.login(ctx, viewer, vendor.ID, i); err != nil {
					return err
				}
			}
		}
	}
	articles, err := newspaper.Articles()
	if err != nil {
		return err
	}
	s.offers, err = newspaper.Prepare(ctx, s.client(gazette), articles, s.urls[gazette])
	return err
}

// login has the newspaper log its readers in, once the provider knows its site.
func (s *story) login(ctx context.Context, owner caller.Viewer, vendor token.VendorID, shop int) error {
	id := shops[shop].id
	secret, client, err := s.provider.app.AddClient(ctx, owner, vendor, oauth.ClientInput{
		Name: shops[shop].name, Redirects: []string{s.urls[id] + newspaper.LoginBack}, Backchannel: s.urls[id] + newspaper.LoginEnded,
	})
	if err != nil {
		return fmt.Errorf("log in at %s: %w", shops[shop].name, err)
	}
	s.state.Login = &newspaper.Login{ClientID: client.ID.String(), ClientSecret: secret}
	return s.openShop(ctx, shop)
}

// logIn opens a new purchase window.
func (s *story) logIn(ctx context.Context, email string) (caller.Viewer, error) {
	login, viewer, err := s.provider.app.LogIn(ctx, email, demoPassword)
	if err != nil {
		return viewer, fmt.Errorf("log in %s: %w", email, err)
	}
	s.viewers[email], s.logins = viewer, append(s.logins, login)
	return viewer, nil
}

// buy has a reader buy what a shop orders, and the shop redeem the ticket.
func (s *story) buy(ctx context.Context, who, shop string, order sdk.NewOrder, key string) (sdk.Redemption, error) {
	viewer, err := s.logIn(ctx, who)
	if err != nil {
		return sdk.Redemption{}, err
	}
	if order.ReturnURL == "" {
		order.ReturnURL = order.CancelURL
	}
	client := s.client(shop)
	made, err := client.CreateOrder(ctx, order, sdk.IdempotencyKey("story-"+key))
	if err != nil {
		return sdk.Redemption{}, fmt.Errorf("order %s: %w", key, err)
	}
	id, err := token.ParseID[token.OrderKind](made.ID)
	if err != nil {
		return sdk.Redemption{}, err
	}
	quoted, err := token.ParseAmount(made.Price)
	if err != nil {
		return sdk.Redemption{}, err
	}
	back, err := s.provider.app.Pay(ctx, viewer, id, quoted, journal.ByClick)
	if err != nil {
		return sdk.Redemption{}, fmt.Errorf("pay %s: %w", key, err)
	}
	address, err := url.Parse(back)
	if err != nil {
		return sdk.Redemption{}, err
	}
	return client.Redeem(ctx, address.Query().Get("ticket"), false)
}

// read has a reader buy one of the paper's articles, by its place in the paper.
func (s *story) read(ctx context.Context, who string, place int) (sdk.Redemption, error) {
	articles, err := newspaper.Articles()
	if err != nil {
		return sdk.Redemption{}, err
	}
	if place >= len(articles) {
		return sdk.Redemption{}, errors.New("there is no such article")
	}
	a := articles[place]
	bought, err := s.buy(ctx, who, gazette, newspaper.Order(a, s.urls[gazette], s.offers[a.Slug]), who+"-"+a.Slug)
	if err != nil {
		return bought, err
	}
	_, err = s.client(gazette).View(ctx, bought.Order.ID)
	return bought, err
}

// rent has a reader rent a track and play it so many times.
func (s *story) rent(ctx context.Context, who string, place, plays int) error {
	bought, err := s.buy(ctx, who, records, music.Orders(s.urls[records])[place], fmt.Sprintf("%s-track-%d", who, place))
	if err != nil {
		return err
	}
	for range plays {
		if _, err := s.client(records).View(ctx, bought.Order.ID); err != nil {
			return err
		}
	}
	return nil
}

// firstWeek: both readers read and listen; Ada sets a limit, Ben gets a key for calls.
func (s *story) firstWeek(ctx context.Context) error {
	s.at(1, 7, 40)
	if _, err := s.read(ctx, ada, 0); err != nil {
		return err
	}
	s.at(1, 19, 5)
	if err := s.rent(ctx, ada, 2, 3); err != nil {
		return err
	}
	s.at(2, 12, 15)
	if _, err := s.read(ctx, ben, 1); err != nil {
		return err
	}
	usd := token.MustCurrency("USD")
	if err := s.provider.app.SetLimit(ctx, s.viewers[ada], buying.LimitInput{Currency: usd, Period: limit.Day, Max: 5 * token.PerUnit}); err != nil {
		return fmt.Errorf("set a limit: %w", err)
	}
	s.at(4, 9, 30)
	return s.callAnswers(ctx, usd)
}

// callAnswers has Ben buy one call, give an allowance, and make some more.
func (s *story) callAnswers(ctx context.Context, usd token.Currency) error {
	client := s.client(market)
	offer, err := calls.MakeCallOffer(ctx, client, s.urls[market])
	if err != nil {
		return err
	}
	first, err := s.buy(ctx, ben, market, sdk.NewOrder{
		Offer: offer.ID, ReturnURL: s.urls[market] + "/key", CancelURL: s.urls[market] + "/", Login: "counter",
	}, "ben-first-call")
	if err != nil {
		return err
	}
	me, err := client.Me(ctx)
	if err != nil {
		return err
	}
	vendor, err := token.ParseID[token.VendorKind](me.Vendor)
	if err != nil {
		return err
	}
	if err := s.provider.app.GiveAllowance(ctx, s.viewers[ben], buying.AllowanceInput{
		Vendor: vendor, Currency: usd, PerPurchase: token.PerUnit / 1000, Period: limit.Day, Max: token.PerUnit, Days: 365,
	}); err != nil {
		return fmt.Errorf("give an allowance: %w", err)
	}
	for i := range 12 {
		s.at(4+i/4, 10+i%4, 0)
		if _, err := client.CreatePurchase(ctx, sdk.NewPurchase{Reader: first.Reader, Offer: offer.ID}, sdk.IdempotencyKey(fmt.Sprintf("story-call-%d", i))); err != nil {
			return fmt.Errorf("call %d: %w", i, err)
		}
	}
	return nil
}

// secondWeek: more of the same, and the paper gives one price back.
func (s *story) secondWeek(ctx context.Context) error {
	s.at(8, 8, 10)
	bought, err := s.read(ctx, ada, 4)
	if err != nil {
		return err
	}
	s.at(8, 8, 50)
	if _, err := s.client(gazette).Refund(ctx, bought.Order.ID, "", "the page did not load", sdk.IdempotencyKey("story-refund")); err != nil {
		return fmt.Errorf("refund: %w", err)
	}
	s.at(9, 18, 0)
	if _, err := s.read(ctx, ben, 3); err != nil {
		return err
	}
	s.at(11, 20, 30)
	if err := s.rent(ctx, ben, 3, 1); err != nil {
		return err
	}
	s.at(13, 7, 20)
	_, err = s.read(ctx, ada, 2)
	return err
}
