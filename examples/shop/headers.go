package shop

import "net/http"

// Headers sets what every page of a careful site has: nothing loads from elsewhere,
// nobody frames it, and the address of a page, which may hold a ticket, goes to nobody.
func Headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy("'self'"))
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// AllowInlineStyle lets the answer have styles of its own, as an sdk.Paywall's plain
// pages do.
func AllowInlineStyle(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy("'self' 'unsafe-inline'"))
}

func policy(styles string) string {
	return "default-src 'none'; style-src " + styles + "; img-src 'self' data:; media-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
}
