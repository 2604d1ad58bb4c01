package sdk

import (
	"context"
	"net/url"
	"time"
)

// Share is what one payee earns of each sale: Percent of the price plus Fixed, at
// least Minimum. Of makes it a part of an earlier share (numbered from 1) instead
// of the price.
type Share struct {
	Payee   string `json:"payee"`
	Percent string `json:"percent,omitempty"` // "12.5"
	Fixed   string `json:"fixed,omitempty"`   // major units
	Minimum string `json:"minimum,omitempty"` // major units
	Of      int    `json:"of,omitempty"`
}

// Split divides a price among payees; you earn what remains.
type Split struct {
	ID        string    `json:"id"`
	Version   int       `json:"version"`
	Name      string    `json:"name,omitempty"`
	Shares    []Share   `json:"shares"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

type newSplit struct {
	Name   string  `json:"name,omitempty"`
	Shares []Share `json:"shares"`
}

// CreateSplit makes a split.
func (c *Client) CreateSplit(ctx context.Context, name string, shares []Share, options ...Option) (Split, error) {
	var made Split
	_, err := c.post(ctx, "/v1/splits", newSplit{name, shares}, &made, options)
	return made, err
}

// ReviseSplit makes a new version of a split, for sales from now on.
func (c *Client) ReviseSplit(ctx context.Context, id, name string, shares []Share, options ...Option) (Split, error) {
	var made Split
	_, err := c.post(ctx, "/v1/splits/"+url.PathEscape(id), newSplit{name, shares}, &made, options)
	return made, err
}

// Splits returns a page of your splits, each in its newest version.
func (c *Client) Splits(ctx context.Context, page Page) (List[Split], error) {
	var list List[Split]
	err := c.get(ctx, "/v1/splits"+page.query(), &list)
	return list, err
}
