// Package operating is what the provider's own staff look at and do: the provider at a glance,
// readers and vendors, operators and their keys, and the log of all of that.
package operating
