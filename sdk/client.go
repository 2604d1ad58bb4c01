package sdk

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"
)

// Client calls the vendor API of one provider with one key. BaseURL and Key must
// be set; the rest may stay zero. A Client is safe for concurrent use and must not
// be changed once it is used.
type Client struct {
	BaseURL    string       // of the provider, as "https://pay.example.org"
	Key        string       // "fk_live_…", or "fk_test_…" for the sandbox
	HTTPClient *http.Client // nil means one with a timeout of 30 seconds

	// Attempts bounds how often one call is tried; zero means 3.
	Attempts int
	// NewKey makes idempotency keys; nil means random ones.
	NewKey func() string
	// Wait pauses between attempts; nil means a timer.
	Wait func(context.Context, time.Duration) error
}

// Option changes one call.
type Option func(*call)

// IdempotencyKey has the call use key instead of a random one. Give one that you
// keep with your own record of the sale, and the call can be repeated after a
// crash of your own server too.
func IdempotencyKey(key string) Option {
	return func(c *call) { c.key = key }
}

var defaultHTTPClient = &http.Client{Timeout: 30 * time.Second}

func (c *Client) httpClient() *http.Client {
	if c.HTTPClient != nil {
		return c.HTTPClient
	}
	return defaultHTTPClient
}

func (c *Client) attempts() int {
	if c.Attempts > 0 {
		return c.Attempts
	}
	return 3
}

func (c *Client) newKey() string {
	if c.NewKey != nil {
		return c.NewKey()
	}
	return rand.Text()
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Me says who the key belongs to.
type Me struct {
	Vendor        string `json:"vendor"`
	Name          string `json:"name"`
	Mode          string `json:"mode"` // "live" or "test"
	Login         string `json:"login,omitempty"`
	SandboxReader string `json:"sandbox_reader,omitempty"` // buys with test tokens, under an allowance to you
}

// Me returns who the key belongs to.
func (c *Client) Me(ctx context.Context) (Me, error) {
	var me Me
	err := c.get(ctx, "/v1/me", &me)
	return me, err
}
