// Package selling is what a vendor's server does: it creates orders, buys for readers who gave it
// an allowance, captures holds, refunds, opens tickets, and reads what it earned.
//
// [Selling.CreatePurchase] is the path that machines take by the thousand: with warm caches it does
// nothing but arithmetic outside the engine.
package selling
