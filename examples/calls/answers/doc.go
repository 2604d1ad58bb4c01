// Package answers computes what the calls site sells: when the sun rises and sets,
// whether an IBAN can be right, and Roman numerals both ways. Every answer follows
// from the question alone.
package answers

import "errors"

// ErrQuestion is wrapped by every refusal of a question that has no answer.
var ErrQuestion = errors.New("this question has no answer")
