// Package session knows who is logged in where: it opens and ends sessions, tells the [caller.Viewer]
// behind a browser's secret, and for how long after a login she can buy.
package session
