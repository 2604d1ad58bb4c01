package keys

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// ErrOtherSecret says that a secret is not the one that a database was made with: under
// it every reader would get another pseudonym, and nothing in the database opens.
var ErrOtherSecret = errors.New("this is not the secret that the database was made with")

// SecretRecords is what a secret is proved against.
type SecretRecords interface {
	keyring.Store
	keyring.TicketStore
	keyring.SecretStore
	SealedAuthenticators(ctx context.Context, limit int) ([]credential.Authenticator, error)
}

// Proof is what was found out about a secret.
type Proof struct {
	// Lasting is the provider's first secret, from which pseudonyms derive for ever.
	Lasting [32]byte
	// Recorded reports whether the database knows the secret. Databases of versions
	// before 14 do not, and new ones.
	Recorded bool
	// Opened reports whether the secret opened something that the database holds. Where
	// it is neither recorded nor opened anything, the database holds nothing sealed.
	Opened bool
}

// ProveSecret finds out whether a secret is the database's, or returns ErrOtherSecret.
// It changes nothing. Where no secret was recorded yet, the database was made by an earlier
// version, and the secret has to open what is encrypted there.
func ProveSecret(ctx context.Context, records SecretRecords, secret [32]byte) (Proof, error) {
	keys := NewDeriver(secret, secret, token.SystemClock{})
	known, err := records.Secret(ctx)
	if err == nil {
		return keys.proveRecorded(known)
	}
	if token.CodeOf(err) != token.CodeNotFound {
		return Proof{}, err
	}
	opened, err := keys.opens(ctx, records)
	return Proof{Lasting: secret, Opened: opened}, err
}

// proveRecorded compares a secret with the one that was recorded.
func (l *Deriver) proveRecorded(known keyring.Secret) (Proof, error) {
	mine, err := l.fingerprint()
	if err != nil {
		return Proof{}, err
	}
	if subtle.ConstantTimeCompare(mine, known.Fingerprint) != 1 {
		return Proof{}, ErrOtherSecret
	}
	proof := Proof{Lasting: l.secret, Recorded: true, Opened: true}
	if len(known.Lasting) == 0 {
		return proof, nil
	}
	first, err := l.Open(lastingBox, known.Lasting, nil)
	if err != nil || len(first) != 32 {
		return Proof{}, errors.New("the first secret, which the database keeps under the present one, is damaged: restore the row of provider_secret from a backup")
	}
	defer clear(first)
	proof.Lasting = [32]byte(first)
	return proof, nil
}

// fingerprint is what the database knows the secret by. Nothing leads back from it.
func (l *Deriver) fingerprint() ([]byte, error) {
	return l.Derive("fingerprint of the secret", token.VendorID{}, nil, 32)
}

// sampledAuthenticators is how many authenticators a secret is tried on.
const sampledAuthenticators = 8

// opens reports whether the secret opens what the database holds; false where it holds
// nothing; ErrOtherSecret where it opens nothing of it. Each use's oldest signing key
// counts: a server with another secret may have added a later one, but was not first.
// Keys of tickets, which any server makes, count where there is nothing else.
func (l *Deriver) opens(ctx context.Context, records SecretRecords) (bool, error) {
	for _, use := range keyring.Uses() {
		signing, err := records.SigningKeys(ctx, use)
		if err != nil {
			return false, err
		}
		for i := len(signing) - 1; i >= 0; i-- {
			if len(signing[i].Sealed) == 0 {
				continue // destroyed
			}
			if _, err := l.Open(signingBox, signing[i].Sealed, nameOf(signing[i])); err != nil {
				return false, ErrOtherSecret
			}
			return true, nil
		}
	}
	authenticators, err := records.SealedAuthenticators(ctx, sampledAuthenticators)
	if err != nil {
		return false, err
	}
	for _, a := range authenticators {
		if _, err := l.Open(AuthenticatorBox, a.Sealed, a.User[:]); err != nil {
			return false, ErrOtherSecret
		}
		return true, nil
	}
	tickets, err := records.TicketKeys(ctx, 0)
	for _, key := range tickets {
		if _, err := l.Open(ticketBox, key.Sealed, epochName(key.Epoch)); err == nil {
			return true, nil
		}
	}
	if len(tickets) > 0 {
		err = errors.Join(err, ErrOtherSecret)
	}
	return false, err
}

// RecordSecret writes down which secret is the database's, where that is not known yet,
// and proves the secret again: another server may have been first. Prove it before.
func RecordSecret(ctx context.Context, records SecretRecords, secret [32]byte, now time.Time) error {
	keys := NewDeriver(secret, secret, token.SystemClock{})
	mine, err := keys.fingerprint()
	if err != nil {
		return err
	}
	if err := records.AddSecret(ctx, keyring.Secret{Fingerprint: mine, SetAt: now.UnixMilli()}); err != nil {
		return err
	}
	_, err = ProveSecret(ctx, records, secret)
	return err
}

// CheckSecret returns ErrOtherSecret where the database has been given another secret
// since the start. Call it every second.
func (a *Keys) CheckSecret(ctx context.Context) error {
	known, err := a.catalog.Secret(ctx)
	if token.CodeOf(err) == token.CodeNotFound {
		return nil // a test, which records none
	}
	if err != nil {
		return err
	}
	_, err = a.deriver.proveRecorded(known)
	return err
}

// RotateSecret gives the database another secret, in one transaction: what is encrypted
// under the old one is encrypted under the new one. Pseudonyms stay, as the first secret
// stays: it is kept in the database, encrypted under the new one. No server may run
// meanwhile. random is for nonces.
func RotateSecret(ctx context.Context, records SecretRecords, from, to [32]byte, random io.Reader, now time.Time) error {
	proof, err := ProveSecret(ctx, records, from)
	if err != nil {
		return err
	}
	if !proof.Recorded {
		return errors.New("the database does not know its secret yet: start farthing serve on it once")
	}
	r := resealer{from: NewDeriver(from, from, token.SystemClock{}), to: NewDeriver(to, to, token.SystemClock{}), dice: &Random{from: random}}
	old, err := r.from.fingerprint()
	if err != nil {
		return err
	}
	next := keyring.Secret{SetAt: now.UnixMilli()}
	if next.Fingerprint, err = r.to.fingerprint(); err != nil {
		return err
	}
	if next.Lasting, err = r.to.Seal(r.dice, lastingBox, proof.Lasting[:], nil); err != nil {
		return err
	}
	return records.RotateSecret(ctx, old, next, &r)
}

// resealer opens under one secret and seals under another.
type resealer struct {
	from, to *Deriver
	dice     *Random
}

var _ keyring.Resealer = (*resealer)(nil)

func (r *resealer) reseal(purpose string, sealed, name []byte) ([]byte, error) {
	plain, err := r.from.Open(purpose, sealed, name)
	if err != nil {
		return nil, token.Wrap(err, "open what the database keeps as "+purpose)
	}
	defer clear(plain)
	return r.to.Seal(r.dice, purpose, plain, name)
}

// SigningKey reseals the private part of a signing key.
func (r *resealer) SigningKey(key keyring.Key) ([]byte, error) {
	return r.reseal(signingBox, key.Sealed, nameOf(key))
}

// TicketKey reseals the root key of an epoch.
func (r *resealer) TicketKey(key keyring.TicketKey) ([]byte, error) {
	return r.reseal(ticketBox, key.Sealed, epochName(key.Epoch))
}

// Authenticator reseals the secret of a user's authenticator.
func (r *resealer) Authenticator(user token.UserID, sealed []byte) ([]byte, error) {
	return r.reseal(AuthenticatorBox, sealed, user[:])
}

// Delivery reseals what a message of the queue says.
func (r *resealer) Delivery(id token.DeliveryID, sealed []byte) ([]byte, error) {
	return r.reseal(MailBox, sealed, id[:])
}

// The purposes that secrets are kept in the database for, each under a key of its own.
const (
	AuthenticatorBox = "authenticators"
	MailBox          = "mail"
	lastingBox       = "lasting secret"
	signingBox       = "signing keys"
	ticketBox        = "ticket keys"
)

// epochName binds a sealed root key to its epoch.
func epochName(n keyring.Epoch) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

var errSealed = errors.New("it was sealed under another secret, or is damaged")

// Seal encrypts for the database. The name binds it to the row.
func (l *Deriver) Seal(dice *Random, purpose string, plain, name []byte) ([]byte, error) {
	box, err := l.box(purpose)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize(), box.NonceSize()+len(plain)+box.Overhead())
	if err := dice.Fill(nonce); err != nil {
		return nil, err
	}
	return box.Seal(nonce, nonce, plain, name), nil
}

// Open is the way back from seal.
func (l *Deriver) Open(purpose string, sealed, name []byte) ([]byte, error) {
	box, err := l.box(purpose)
	if err != nil {
		return nil, err
	}
	if len(sealed) < box.NonceSize() {
		return nil, errSealed
	}
	plain, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], name)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
