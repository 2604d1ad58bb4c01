// Package oauth lets readers log in at vendors' sites with their wallet: the sites that are
// registered (clients), what readers consented to, the codes and tokens that are issued, and
// telling sites of a logout. The protocol itself, OpenID Connect, is spoken by edge/openid.
package oauth
