// Package launch runs the real binary for tests: it builds it, starts it on free
// ports, stops or kills it, and visits its pages as a browser without JavaScript
// would.
package launch
