package login

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// letterWindow is for how long the letters of an address say the same, once so many were asked for
// that not each can have one of its own.
const letterWindow = 30 * time.Minute

// letter is how what somebody asks to be sent to an address goes out.
type letter struct {
	crowded bool  // the address was sent so many that this request shares what they say
	window  int64 // with all others of the same window
	send    bool  // one goes out; if not, the last one says it
}

// until is when the window of a crowded address ends.
func (l letter) until() time.Time {
	return time.UnixMilli((l.window + 1) * letterWindow.Milliseconds())
}

// letterTo decides whether a letter of a kind may go out to an address. A network that has many letters
// sent is refused for a while. An address that many are asked for, from wherever, is
// not closed by that: whoever asks, its owner too, shares the secret of all who ask, which is long
// enough to be shared. The owner has been sent it.
func (a *shared) letterTo(ctx context.Context, d caller.Browser, user account.User, kind, email string) (letter, error) {
	now := a.clock.Now()
	l := letter{window: now.UnixMilli() / letterWindow.Milliseconds(), send: true}
	asked := a.pace.Try().By(paceLettersHere, kind+" from a network", email, d.Address).From(paceLettersFrom, "letters", d)
	known := a.knows(user, d.Known)
	if known {
		asked = a.pace.Try().By(paceLettersHere, kind+" in a browser", user.ID.String(), d.Known)
	}
	refused, retryAt, err := asked.Take(ctx, now)
	switch {
	case err != nil:
		return l, err
	case refused > 0:
		return l, pace.TooOften(retryAt, "too_many_requests.letters")
	case refused < 0 && known:
		return l, nil
	case refused < 0:
		if refused, _, err = a.pace.Try().By(paceLetters, kind, email).Take(ctx, now); err != nil || refused < 0 {
			return l, err
		}
	}
	l.crowded = true
	refused, _, err = a.pace.Try().By(paceCrowded, kind+" crowded", email, fmt.Sprint(l.window)).Take(ctx, now)
	l.send = refused < 0
	return l, err
}

// asked is the answer to whoever asked for a letter. What waits already, for whoever asked
// before, is no error where all who ask share it.
func (l letter) asked(err error) error {
	if l.crowded && token.CodeOf(err) == token.CodeTaken {
		return nil
	}
	return err
}

// enqueued ends the asking for a letter that was written together with what it is about. Where
// that waited already, and so nothing was written, the letter goes out alone.
func (a *shared) enqueued(ctx context.Context, l letter, d delivery.Message, err error) error {
	if err != nil && l.asked(err) == nil {
		err = a.catalog.Enqueue(ctx, d)
	}
	if err == nil {
		a.queued(ctx)
	}
	return err
}

// shared is the secret that all letters of a kind to an address say in one window. What
// ends its worth early, such as the password that it replaces, is a part of it.
func (a *shared) shared(l letter, kind, email, also string) ([]byte, error) {
	key, err := a.deriver.Derive("letters that are shared", token.VendorID{}, nil, 32)
	if err != nil {
		return nil, token.Wrap(err, "derive the key of letters")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%q %q %d %q", kind, email, l.window, also)
	return mac.Sum(nil), nil
}

// attemptFor returns the secret of a login that waits for the code of a letter, and until when it waits. Who
// shares a code shares the login too, so that asking without end writes nothing more.
func (a *shared) attemptFor(l letter, kind, email string) (secret string, until time.Time, err error) {
	secret, err = a.secretFor(l, kind, email, "login")
	until = a.clock.Now().Add(attemptLife)
	if l.crowded {
		until = l.until().Add(attemptLife)
	}
	return secret, until, err
}

// codeFor returns the code that a letter says: eight digits, good in one browser for a few tries;
// or sixteen where they are good in every one of those that asked, so that nobody guesses them.
func (a *shared) codeFor(l letter, kind, email string) (string, error) {
	if !l.crowded {
		return a.mailedCode()
	}
	sum, err := a.shared(l, kind, email, "")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%016d", binary.BigEndian.Uint64(sum)%10_000_000_000_000_000), nil
}

// secretFor returns the secret of a link that a letter says.
func (a *shared) secretFor(l letter, kind, email, also string) (string, error) {
	if !l.crowded {
		return a.random.Secret()
	}
	sum, err := a.shared(l, kind, email, also)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// inGroups writes a code in groups of four, as letters say it.
func inGroups(code string) string {
	var out strings.Builder
	for i := 0; i < len(code); i += 4 {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(code[i:min(i+4, len(code))])
	}
	return out.String()
}

// plainCode is a code as somebody typed it, without spaces.
func plainCode(typed string) string { return strings.Join(strings.Fields(typed), "") }

// crowdNote is what a letter says of itself where it is shared.
func (l letter) crowdNote() string {
	return "So many codes are being asked for with your address, hopefully not by you, that they\nare all this one until " +
		l.until().UTC().Format("15:04 UTC on 2 January") + ", and no more letters follow until then.\n\n"
}
