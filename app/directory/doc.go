// Package directory knows who is who: vendors and their members, the sites that they registered
// and proved, the keys of their servers, and the accounts behind pseudonyms.
//
// Everything that a purchase asks of it is answered from memory.
package directory
