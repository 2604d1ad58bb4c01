package newspaper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"farthing.dev/farthing/sdk"
)

// Publisher is who gets seven tenths of each price, and gives the author three
// fifths of that.
const (
	Publisher      = "Skerry Press"
	publisherShare = "70"
	authorShare    = "60"
)

// Prepare tells the provider who earns of each article and at what price it is sold,
// and returns the offer of each article, by its slug. It may be called at every start:
// the keys are fixed, so payees, splits and offers are made once.
func Prepare(ctx context.Context, client *sdk.Client, articles []Article, siteURL string) (map[string]string, error) {
	publisher, err := client.CreatePayee(ctx, Publisher, sdk.IdempotencyKey("gazette-payee-publisher"))
	if err != nil {
		return nil, fmt.Errorf("make the publisher a payee: %w", err)
	}
	splits, offers := map[string]string{}, map[string]string{}
	for _, article := range articles {
		if splits[article.Author] == "" {
			if splits[article.Author], err = makeSplit(ctx, client, publisher.ID, article.Author); err != nil {
				return nil, err
			}
		}
		if offers[article.Slug], err = makeOffer(ctx, client, article, siteURL, splits[article.Author]); err != nil {
			return nil, err
		}
	}
	return offers, nil
}

// makeSplit divides what an author's articles earn.
func makeSplit(ctx context.Context, client *sdk.Client, publisher, name string) (string, error) {
	id := strings.ReplaceAll(strings.ToLower(name), " ", "-")
	author, err := client.CreatePayee(ctx, name, sdk.IdempotencyKey("gazette-payee-"+id))
	if err != nil {
		return "", fmt.Errorf("make %s a payee: %w", name, err)
	}
	split, err := client.CreateSplit(ctx, "Publisher and "+name, []sdk.Share{
		{Payee: publisher, Percent: publisherShare},
		{Payee: author.ID, Percent: authorShare, Of: 1},
	}, sdk.IdempotencyKey("gazette-split-"+id))
	if err != nil {
		return "", fmt.Errorf("make the split for %s: %w", name, err)
	}
	return split.ID, nil
}

// makeOffer puts an article up for sale. The key holds what is offered, so that an
// article that changes gets a new offer.
func makeOffer(ctx context.Context, client *sdk.Client, a Article, siteURL, split string) (string, error) {
	address := siteURL + "/articles/" + a.Slug
	sum := sha256.Sum256([]byte(strings.Join([]string{a.SKU(), a.Title, a.Standfirst, address, a.Price, a.Currency, split}, "\n")))
	offer, err := client.CreateOffer(ctx, sdk.NewOffer{
		Item:  sdk.Item{SKU: a.SKU(), Title: a.Title, Description: a.Standfirst, URL: address},
		Price: a.Price, Currency: a.Currency, Split: split,
	}, sdk.IdempotencyKey("gazette-offer-"+hex.EncodeToString(sum[:16])))
	if err != nil {
		return "", fmt.Errorf("offer %s: %w", a.Slug, err)
	}
	return offer.ID, nil
}
