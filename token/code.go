package token

// The reasons for refusals. docs/api.md explains each to callers.
const (
	CodeInternal        Code = "internal"
	CodeMalformed       Code = "malformed"
	CodeIDInvalid       Code = "id_invalid"
	CodeAmountInvalid   Code = "amount_invalid"
	CodeOverflow        Code = "amount_overflow"
	CodeCurrencyInvalid Code = "currency_invalid"
	CodeFieldInvalid    Code = "field_invalid"

	CodeUnauthorised  Code = "unauthorised"
	CodeLoginInvalid  Code = "login_invalid"
	CodeWindowClosed  Code = "purchase_window_closed"
	CodeForbidden     Code = "forbidden"
	CodeNotFound      Code = "not_found"
	CodeThrottled     Code = "too_many_requests"
	CodeMailOff       Code = "mail_off"
	CodeSignUpOver    Code = "signup_over"
	CodeResetOver     Code = "reset_over"
	CodeFormInvalid   Code = "form_invalid"
	CodeFormStale     Code = "form_stale"
	CodeUnavailable   Code = "unavailable"
	CodeCommitUnknown Code = "commit_unknown"

	CodeLoginOver      Code = "login_over"
	CodeLoginStale     Code = "login_stale"
	CodeLoginChanged   Code = "login_changed" // of the security log only
	CodeLoggedIn       Code = "logged_in"     // of the security log only
	CodeSignedUp       Code = "signed_up"     // of the security log only
	CodeSecondFactor   Code = "second_factor_needed"
	CodePasskeyInvalid Code = "passkey_invalid"
	CodePasskeyCopied  Code = "passkey_copied" // of the security log only

	CodeKeyMissing Code = "idempotency_key_missing"
	CodeKeyReused  Code = "idempotency_key_reused"

	CodeOrderExpired     Code = "order_expired"
	CodeOrderState       Code = "order_state"
	CodeQuoteChanged     Code = "quote_changed"
	CodeAccountClosed    Code = "account_closed"
	CodeFundsMissing     Code = "insufficient_funds"
	CodeLimitExceeded    Code = "limit_exceeded"
	CodeAllowanceMissing Code = "allowance_missing"
	CodeAllowanceSpent   Code = "allowance_exceeded"
	CodeURLNotAllowed    Code = "url_not_registered"
	CodeSiteUnproved     Code = "site_unproved"
	CodeKeyRevoked       Code = "key_revoked"        // of the security log only
	CodeCrossSite        Code = "cross_site_request" // of the operator's log only
	CodeSiteProved       Code = "site_proved"        // of the security log only
	CodeURLNotPublic     Code = "url_not_public"
	CodeAnswerTooLarge   Code = "answer_too_large"
	CodeModeMismatch     Code = "mode_mismatch"
	CodeHoldTooSmall     Code = "hold_too_small"
	CodeRefundTooLarge   Code = "refund_too_large"
	CodeStale            Code = "stale"
	CodeSplitInvalid     Code = "split_invalid"
	CodeTaken            Code = "already_taken"
	CodeOfferChanged     Code = "offer_changed"
	CodeGiftsFull        Code = "gifts_full"
	CodeIncentiveDebt    Code = "incentive_debt_exceeded"

	CodeApprovalNeeded   Code = "approval_needed"
	CodeApprovalNotYours Code = "approval_not_yours"
	CodeApprovalClosed   Code = "approval_closed"
	CodeApprovalsFull    Code = "approvals_full"

	CodeClientUnknown Code = "client_unknown"
	CodeGrantInvalid  Code = "grant_invalid"
	CodeLogoutUntold  Code = "logout_untold" // of the security log only

	CodeTicketInvalid   Code = "ticket_invalid"
	CodeTicketExpired   Code = "ticket_expired"
	CodeTicketUsed      Code = "ticket_used"
	CodeTicketElsewhere Code = "ticket_elsewhere"
	CodeEntitlementUsed Code = "entitlement_used_up"
	CodeEntitlementOver Code = "entitlement_expired"
	CodeEntitlementGone Code = "entitlement_revoked"
)
