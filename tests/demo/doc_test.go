// Package demo buys in the demo as people do: with a browser that has no
// JavaScript, and with curl-like requests, through the real binary.
package demo
