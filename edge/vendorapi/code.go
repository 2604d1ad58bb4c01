package vendorapi

import (
	"net/http"

	"farthing.dev/farthing/token"
)

// reason is a code with the status that it comes with and what it means to a vendor.
type reason struct {
	Code    token.Code
	Status  int
	Meaning string
}

// reasons are all codes that the API answers with, by status. /docs and the OpenAPI
// document show them, and a test holds docs/api.md to them.
func reasons() []reason {
	return []reason{
		{token.CodeMalformed, 400, "The request cannot be read: bad JSON, a duplicate or unknown field, a bad query."},
		{token.CodeIDInvalid, 400, "An id in the body is not of the kind that belongs there."},
		{token.CodeKeyMissing, 400, "The header Idempotency-Key is missing."},
		{token.CodeUnauthorised, 401, "The key is missing, unknown or revoked."},
		{token.CodeFundsMissing, 402, "The reader's wallet is short; the reader adds funds and tries again."},
		{token.CodeForbidden, 403, "This key may not do that."},
		{token.CodeAllowanceMissing, 403, "The reader gave you no allowance in this currency, or it has ended; send the reader to a pay_url."},
		{token.CodeAllowanceSpent, 403, "The reader's allowance does not cover this; retry_at says when it does again, if it will."},
		{token.CodeLimitExceeded, 403, "A spending limit of the reader is reached; limit names it, retry_at says when it resets."},
		{token.CodeAccountClosed, 403, "The reader's account may not buy at present."},
		{token.CodeIncentiveDebt, 403, "Your incentive tokens, those spent among them, would come to more than the provider lets them; while they do, they pay for nothing."},
		{token.CodeModeMismatch, 403, "A test key met something live, or a live key something of the sandbox."},
		{token.CodeTicketInvalid, 403, "The ticket is not one of yours, or was altered."},
		{token.CodeTicketElsewhere, 403, "The ticket came to another address, or in another browser, than the order was made for. It is not used up."},
		{token.CodeApprovalNotYours, 403, "Somebody else has to decide this request: not who asked, not a key that a command made, and nobody in a lower role than it needs."},
		{token.CodeNotFound, 404, "There is no such thing, or it is not yours."},
		{"method_not_allowed", 405, "The path does not take that method; the header Allow lists those it takes."},
		{"not_acceptable", 406, "Accept refuses application/json."},
		{token.CodeOrderState, 409, "The order is not in a state for this: not paid, not held, refunded already."},
		{token.CodeTicketUsed, 409, "The ticket was redeemed before."},
		{token.CodeStale, 409, "Somebody changed it in between; read it again."},
		{token.CodeTaken, 409, "It exists already."},
		{token.CodeOfferChanged, 409, "The offer has another version by now than offer_version names; nothing was bought. Look at it and try again."},
		{token.CodeGiftsFull, 409, "The reader holds incentive tokens of so many campaigns that no more fit; give more of one of them, or wait."},
		{token.CodeApprovalClosed, 409, "The request was decided before, or its time is over."},
		{token.CodeApprovalsFull, 409, "Too many requests wait for a second person."},
		{token.CodeOrderExpired, 410, "The order or hold has expired."},
		{token.CodeTicketExpired, 410, "The ticket is older than two minutes; send the reader to the pay_url again."},
		{token.CodeEntitlementUsed, 410, "All views of the purchase have been used."},
		{token.CodeEntitlementOver, 410, "The time of the purchase has ended."},
		{token.CodeEntitlementGone, 410, "The purchase was refunded, or its hold released."},
		{"body_too_large", 413, "The body is above 64 KiB; of a batch, above 1 MiB."},
		{"media_type_unsupported", 415, "The body is not said to be application/json."},
		{token.CodeKeyReused, 422, "The Idempotency-Key stood for another request before."},
		{token.CodeAmountInvalid, 422, "An amount is not a decimal above zero with at most six decimals."},
		{token.CodeOverflow, 422, "An amount is above 1,000,000,000 major units."},
		{token.CodeCurrencyInvalid, 422, "The currency is none, or not one that the provider deals in."},
		{token.CodeFieldInvalid, 422, "A field is missing, too long or out of range; detail names it."},
		{token.CodeURLNotAllowed, 422, "An address does not lie in a site that you registered."},
		{token.CodeSiteUnproved, 422, "The site of an address was not proved to be yours; detail says what was found at proof_url."},
		{token.CodeSplitInvalid, 422, "The shares of a split do not add up."},
		{token.CodeHoldTooSmall, 422, "The amount is above what is held."},
		{token.CodeRefundTooLarge, 422, "The amount is above what is left of the purchase."},
		{token.CodeThrottled, 429, "The key is used too often; wait as Retry-After says."},
		{token.CodeInternal, 500, "Our fault; quote request_id to the provider."},
		{token.CodeUnavailable, 503, "Nothing happened; send the same request with the same key after Retry-After."},
		{token.CodeCommitUnknown, 503, "It may have happened; send the same request with the same key to learn the answer."},
	}
}

// everywhere are the codes that every route may answer with; posted those that every
// route with a body may.
func everywhere() []token.Code {
	return []token.Code{token.CodeMalformed, token.CodeUnauthorised, token.CodeForbidden, "not_acceptable", token.CodeThrottled, token.CodeInternal, token.CodeUnavailable}
}

func posted() []token.Code {
	return []token.Code{token.CodeIDInvalid, "body_too_large", "media_type_unsupported", token.CodeCommitUnknown}
}

func keyed() []token.Code { return []token.Code{token.CodeKeyMissing, token.CodeKeyReused} }

// codes returns all codes that the operation may answer with.
func (o *operation) codes() []token.Code {
	codes := everywhere()
	if o.method == http.MethodPost {
		codes = append(codes, posted()...)
		if !o.keyless {
			codes = append(codes, keyed()...)
		}
	}
	return append(codes, o.refuses...)
}
