package oauth

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// clientSecret begins the secret of a client, so that a leaked one is known for what it is.
const clientSecret = "fs_"

// ClientInput is a site at which readers shall log in with their wallet.
type ClientInput struct {
	Name        string
	Redirects   []string // where codes may be sent
	AfterLogout []string // where the browser may go after a logout
	Backchannel string   // where logouts are told, "" for nowhere
	Public      bool     // has no server that could keep a secret
}

// ClientView is a registered site.
type ClientView struct {
	ID          token.ClientID
	Name        string
	Redirects   []string
	AfterLogout []string
	Backchannel string
	Public      bool
	CreatedAt   time.Time
}

// Clients returns a vendor's clients, newest first.
func (a *OAuth) Clients(ctx context.Context, v caller.Viewer, vendor token.VendorID) ([]ClientView, error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return nil, err
	}
	clients, err := a.catalog.Clients(ctx, vendor)
	if err != nil {
		return nil, err
	}
	views := make([]ClientView, 0, len(clients))
	for _, c := range clients {
		views = append(views, clientView(c))
	}
	return views, nil
}

func clientView(c grant.Client) ClientView {
	return ClientView{ID: c.ID, Name: c.Name, Redirects: c.Redirects, AfterLogout: c.AfterLogout, Backchannel: c.Backchannel,
		Public: c.Public(), CreatedAt: token.TimeAt(c.CreatedAt)}
}

// AddClient registers a site of the vendor's for logins. Its secret is shown this once;
// a public one has none.
func (a *OAuth) AddClient(ctx context.Context, v caller.Viewer, vendor token.VendorID, in ClientInput) (secret string, view ClientView, err error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return "", ClientView{}, err
	}
	if err := v.NeedWindow(a.clock.Now(), "purchase_window_closed.client"); err != nil {
		return "", ClientView{}, err
	}
	known, err := a.catalog.Clients(ctx, vendor)
	if err != nil {
		return "", ClientView{}, err
	}
	if len(known) >= grant.MaxClients {
		return "", ClientView{}, token.Refuse(token.Unprocessable, "field_invalid.shop_clients", token.Number("most", grant.MaxClients))
	}
	client := grant.Client{
		ID: token.NewID[token.ClientKind](a.ids), Vendor: vendor, Name: in.Name, Redirects: in.Redirects, AfterLogout: in.AfterLogout,
		Backchannel: in.Backchannel, CreatedAt: a.clock.Now().UnixMilli(),
	}
	if err := client.Check(); err != nil {
		return "", ClientView{}, err
	}
	for _, uri := range client.Addresses() {
		if err := a.directory.CheckAddress(ctx, vendor, uri, true); err != nil {
			a.directory.NoteAddress(ctx, vendor, "site_with_login", uri, err)
			return "", ClientView{}, err
		}
	}
	if !in.Public {
		if secret, client.Secret, err = a.newSecret(clientSecret); err != nil {
			return "", ClientView{}, err
		}
	}
	return secret, clientView(client), a.catalog.AddClient(ctx, client)
}

// RotateClient gives a client a new secret, shown this once. The one before ends at once.
func (a *OAuth) RotateClient(ctx context.Context, v caller.Viewer, vendor token.VendorID, id token.ClientID) (secret string, err error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return "", err
	}
	if err := v.NeedWindow(a.clock.Now(), "purchase_window_closed.client_secret"); err != nil {
		return "", err
	}
	client, err := a.catalog.Client(ctx, id)
	if err != nil {
		return "", err
	}
	if client.Public() {
		return "", token.Refuse(token.Unprocessable, "field_invalid.no_secret")
	}
	secret, hash, err := a.newSecret(clientSecret)
	if err != nil {
		return "", err
	}
	return secret, a.catalog.SetClientSecret(ctx, vendor, id, hash)
}

// RemoveClient ends a client and everything that was issued to it.
func (a *OAuth) RemoveClient(ctx context.Context, v caller.Viewer, vendor token.VendorID, id token.ClientID) error {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return err
	}
	return a.catalog.RemoveClient(ctx, vendor, id, a.clock.Now().UnixMilli())
}

// newSecret returns a new secret that begins with prefix, and its hash.
func (a *OAuth) newSecret(prefix string) (string, grant.Hash, error) {
	secret, err := a.random.Secret()
	secret = prefix + secret
	return secret, grant.HashOf(secret), err
}
