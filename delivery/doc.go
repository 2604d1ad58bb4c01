// Package delivery is the one queue of what leaves the house: e-mail, logouts told to
// vendors' sites, and later webhooks.
//
// A [Message] is a row in the provider's own database. It is written in the same
// transaction as what causes it, so it leaves if and only if that happened; and it stays
// there until its receiver has taken it, whatever process dies meanwhile. A process that
// enqueued something calls [Queue.Wake], so nobody waits for the next look at the table.
//
// # Fairness
//
// Each message has a receiver: the domain of an address, the address of a vendor's site. For
// each receiver with anything to get there is one row that says when it is next served
// (an index finds those that are due, however many messages wait). A round claims a few
// such receivers, those first that were served longest ago, and takes a few of the oldest
// due messages of each. A receiver that does not answer is left alone for a while that
// doubles, and then gets one message to try with. So 100,000 messages for a dead receiver
// cost the others nothing: they are not even read.
//
// # Attempts
//
// A message that fails waits too, longer each time, with jitter and up to a bound, until its
// attempts are used up, or it expires, or its receiver says that it will never take it. Then it
// is a dead letter: operators see it, and have it tried again or dropped. What it says is
// erased as soon as it cannot be sent any more, at the latest when it expires. The dead
// letter itself is deleted after [KeepDead].
//
// # Claims
//
// Of several replicas one has a receiver at a time, and each message. A claim has a number
// and an end. If a process dies, its claims end and another goes on. One that was only
// paused, and wakes after that, changes nothing: whatever it writes names its claim in the
// same statement, and matches no row any more.
//
// Delivery is at least once. If a process dies between the receiver's answer and its own
// mark, the message is sent again; the same holds for one that sends for longer than its
// claim lasts. So a message carries its [Message.ID] on every try, as Message-ID or jti,
// by which receivers tell a repetition.
package delivery
