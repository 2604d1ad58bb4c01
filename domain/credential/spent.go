package credential

import "farthing.dev/farthing/token"

// Spent is what is used up by somebody who logs in, or who changes how she does. Where
// something else is written for it, the two are written together: a fault in between would
// leave her without what she used, and outside. What was used up before is refused: an attempt
// with CodeLoginOver, a code with CodeLoginInvalid. Zero values stand for nothing.
type Spent struct {
	Attempt  AttemptHash  // that ends
	User     token.UserID // whose step or code it is
	Step     int64        // of her authenticator: it, and all before
	Recovery RecoveryHash
}
