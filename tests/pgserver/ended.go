//go:build linux

package pgserver

// Ended reports whether the server has ended by itself or by Crash; Restart starts it again.
func (s *Server) Ended() bool {
	select {
	case failed := <-s.exited:
		s.exited <- failed
		return true
	default:
		return false
	}
}
