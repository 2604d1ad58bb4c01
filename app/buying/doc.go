// Package buying is what a reader does with her wallet: she looks at an order and pays it, buys an
// offer from a plain form, sees what she bought, and bounds what may be spent without her.
//
// A page that asks to confirm carries what it was shown for ([Buying.CheckConfirmation]).
package buying
