// Package web is what every browser page of Farthing shares: the look, the
// security headers, the cookies, how money and time are written, and the one
// place where an error becomes a page.
//
// A Site stands for one provider's pages. Handlers register their routes on an
// http.ServeMux as usual and render templates through Pages; Site.Handler wraps
// the mux in the guards that no page may go without:
//
//   - a content security policy with one style sheet and without any script, but for the
//     pages that offer passkeys, which load one file of our own;
//   - refusal of cross-origin requests that change something (CSRF);
//   - bodies of at most MaxBody bytes;
//   - no caching, because every page but the assets may show money.
//
// All pages work without JavaScript.
package web
