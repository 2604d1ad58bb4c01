// Package calls is an example vendor: Plain Answers sells answers by the call, at a
// tenth of a cent each. A call is an HTTP request with a bearer key:
//
//	curl -H "Authorization: Bearer pa_…" "http://localhost:8405/v1/sun?lat=51.48&lon=0&date=2026-06-21"
//
// A reader gets a key by buying one call or a pack of a hundred through the
// provider. The key is a sealed value that holds the pseudonym and the order, so
// there is no table of customers. Each call is then paid in this order:
//
//  1. from the pack, by counting a view of its order (/v1/orders/{id}/views);
//  2. else under the reader's allowance (/v1/purchases);
//  3. else the answer is 402, with the addresses at which a pack can be bought and
//     an allowance be given.
//
// A question that cannot be answered is refused before anything is charged, and the
// caller's own Idempotency-Key makes a repeated call free. Package answers
// computes the answers.
package calls
