// Package console is where vendors look after their shop: what they sold and
// earned, who gets royalties, and what their servers need, which is keys and sites.
//
// Somebody who is not a member of a vendor is told that there is nothing here.
package console
