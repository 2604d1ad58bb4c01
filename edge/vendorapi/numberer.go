package vendorapi

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync/atomic"
)

// numberer makes request ids: what they begin with tells servers apart, and a
// counter tells the requests of one server apart. They are no secrets.
type numberer struct {
	prefix string
	count  atomic.Uint64
}

func newNumberer(prefix string) *numberer {
	if prefix == "" {
		prefix = "req_" + strings.ToLower(rand.Text()[:8])
	}
	return &numberer{prefix: prefix + "_"}
}

func (n *numberer) next() string {
	var buffer [48]byte
	return string(strconv.AppendUint(append(buffer[:0], n.prefix...), n.count.Add(1), 36))
}
