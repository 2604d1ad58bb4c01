package store

import (
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// cache bounds how many accounts and orders the state holds. What came first leaves
// first, unless it was used since: then it has a second chance.
type cache struct {
	maxAccounts, maxOrders int

	accounts ring[token.AccountID]
	orders   ring[token.OrderID]
}

// ring is a queue of ids in the order in which they came, with a mark on those used
// since.
type ring[K comparable] struct {
	queue []K
	from  int
	known map[K]bool // whether it was used since it came
}

func (r *ring[K]) touch(id K) {
	if r.known == nil {
		r.known = map[K]bool{}
	}
	used, ok := r.known[id]
	if !ok {
		r.queue = append(r.queue, id)
	}
	if !ok || !used {
		r.known[id] = ok
	}
}

// evictLooks is more than one batch can bring, so the cache does not grow, and little
// enough to be looked at after each.
const evictLooks = 2048

// evict drops ids until at most limit are left. It looks at a bounded number of them,
// so a queue full of pinned ids costs little; the next call goes on.
func (r *ring[K]) evict(limit int, keep func(K) bool, drop func(K)) {
	excess := len(r.known) - limit
	for looks := min(4*excess, evictLooks); excess > 0 && looks > 0; looks-- {
		id := r.queue[r.from]
		r.from++
		if r.known[id] || keep(id) {
			r.known[id] = false
			r.queue = append(r.queue, id)
			continue
		}
		delete(r.known, id)
		drop(id)
		excess--
	}
	if r.from > len(r.queue)/2 && r.from > 1024 {
		r.queue = append(r.queue[:0], r.queue[r.from:]...)
		r.from = 0
	}
}

func (c *cache) touch(account token.AccountID, order token.OrderID) {
	if !account.IsZero() {
		c.accounts.touch(account)
	}
	if !order.IsZero() {
		c.orders.touch(order)
	}
}

func (c *cache) evict(s *core.State, pinned func(token.AccountID) bool) {
	c.accounts.evict(c.maxAccounts, pinned, func(id token.AccountID) { delete(s.Accounts, id) })
	c.orders.evict(c.maxOrders, func(token.OrderID) bool { return false }, func(id token.OrderID) { delete(s.Orders, id) })
}
