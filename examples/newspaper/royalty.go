package newspaper

import (
	"context"
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

// Prepare tells the provider who earns of each article, and returns the split of
// each author. It may be called at every start: the keys are fixed, so the payees
// and splits are made once.
func Prepare(ctx context.Context, client *sdk.Client, articles []Article) (map[string]string, error) {
	publisher, err := client.CreatePayee(ctx, Publisher, sdk.IdempotencyKey("gazette-payee-publisher"))
	if err != nil {
		return nil, fmt.Errorf("make the publisher a payee: %w", err)
	}
	splits := map[string]string{}
	for _, article := range articles {
		if splits[article.Author] != "" {
			continue
		}
		id := strings.ReplaceAll(strings.ToLower(article.Author), " ", "-")
		author, err := client.CreatePayee(ctx, article.Author, sdk.IdempotencyKey("gazette-payee-"+id))
		if err != nil {
			return nil, fmt.Errorf("make %s a payee: %w", article.Author, err)
		}
		split, err := client.CreateSplit(ctx, "Publisher and "+article.Author, []sdk.Share{
			{Payee: publisher.ID, Percent: publisherShare},
			{Payee: author.ID, Percent: authorShare, Of: 1},
		}, sdk.IdempotencyKey("gazette-split-"+id))
		if err != nil {
			return nil, fmt.Errorf("make the split for %s: %w", article.Author, err)
		}
		splits[article.Author] = split.ID
	}
	return splits, nil
}
