// Package login is the ways in. [Login] opens wallets and sessions: by a password, a passkey or a
// code by e-mail, and a second factor where there is one. [Methods] is how somebody who has just
// authenticated changes them.
//
// Whatever strangers try is slowed down by package pace, and always leaves the owner a way in.
package login
