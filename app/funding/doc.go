// Package funding credits wallets with money that came in outside, and shows balances. One
// reference is credited once, whatever account it names.
package funding
