package postgres

import (
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unackedPatience is how long what was sent may stay without an acknowledgement by the
// other machine before the connection counts as broken.
const unackedPatience = 15 * time.Second

// userTimeout bounds how long sent data stays unacknowledged. Linux would try again for
// a quarter of an hour, and keep-alives are not sent meanwhile.
func userTimeout(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unackedPatience.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
