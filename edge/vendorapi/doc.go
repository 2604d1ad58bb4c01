// Package vendorapi is the way in for vendors' servers: JSON over HTTP under /v1,
// described by /openapi.json (OpenAPI 3.1) and, for people, by /docs.
//
// Each noun has a file with the shapes that travel and its routes. A route is
// declared once, by type: from the declaration come both the handler and its part
// of the OpenAPI document, so the two cannot drift. The document is made with
// huma; requests are not, because one strict decoder and a few checks in a fixed
// order are all that they need, and a purchase must cost little more than an empty
// handler (docs/decisions/0006-one-declaration-per-route.md).
//
// Every request passes the same checks, in this order, before its use case sees it:
//
//  1. the path and method exist (404, 405 with Allow);
//  2. the key is good (401) and not used too often (429 with Retry-After);
//  3. the caller takes JSON (406);
//  4. query parameters are known, single and in range (400);
//  5. the body is JSON (415) with an idempotency key where one is needed (400);
//  6. it is at most MaxBody bytes, of a batch 1 MiB (413), well formed, and has no duplicate or
//     unknown field (400).
//
// What the use case then refuses is a token.Error, and package web turns that into
// the problem that the caller gets. Nothing but a 2xx has moved money, but for what
// commit_unknown leaves open; of a batch, that is said of the status of each purchase.
package vendorapi
