package caller

import (
	"context"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// requestLife is for how long a request waits for a second person.
const requestLife = 7 * 24 * time.Hour

// doer decides commands, as Engine does.
type doer interface {
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
}

// Instruct has the core do what staff want, at once or when others have approved it: then it
// returns the number of the request.
func (by Actor) Instruct(ctx context.Context, engine doer, now time.Time, i journal.Instruction, why string) (out core.Outcome, request uint64, err error) {
	out, err = engine.Do(ctx, &core.Instruct{By: by.Staff, Instruction: i, Why: why, LapsesAt: now.Add(requestLife).UnixMilli()})
	if err == nil && out.Entry != nil && out.Entry.Kind == journal.ApprovalAsked {
		request = out.Entry.Seq
	}
	return out, request, err
}

// Actor is who acts for the provider: an operator with a session, a program with an
// operator's key, or ByCommand. It goes into the staff's log.
type Actor struct {
	ID    string
	Staff journal.Staff
}

// ByCommand acts by a command on the provider's own machine: whoever may read the data
// folder is trusted with everything in it.
//
// It stands for no person: it asks and refuses, and never approves, see [core.Approve].
func ByCommand() Actor {
	return Actor{ID: staff.ByCommand, Staff: journal.Staff{Role: journal.Operator}}
}

// NeedRole refuses what an actor's role does not allow.
func NeedRole(by Actor, what staff.Permission) error {
	if what.May(uint8(by.Staff.Role)) {
		return nil
	}
	return token.Refuse(token.Forbidden, "forbidden.staff_role")
}

// May reports whether the actor's role allows something, for pages that offer it.
func (by Actor) May(what staff.Permission) bool { return NeedRole(by, what) == nil }

// Is reports whether the actor is a person: a program acts for the one who made its key.
func (by Actor) Is(user token.UserID) bool { return !user.IsZero() && by.Staff.User == user }

// Act makes a line of the staff's log.
func (by Actor) Act(ids *token.Maker, now time.Time, action, subject, detail string) staff.Act {
	return staff.Act{ID: token.NewID[token.EventKind](ids), At: now.UnixMilli(), Actor: by.ID, Action: action, Subject: subject, Detail: detail}
}
