// Package names is a name server for tests, whose answers are scripted.
package names

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
)

// Server answers each question about IPv4 with the next address of its list, the last one
// again and again.
type Server struct {
	Answers []netip.Addr
	Asked   atomic.Int32 // questions about IPv4
}

// Resolver returns a resolver that asks the server.
func (n *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve answers DNS questions as over TCP (RFC 1035, 4.2.2): each message behind its
// length.
func (n *Server) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		end := 12
		for question[end] != 0 {
			end += int(question[end]) + 1
		}
		end += 5
		answer := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
		if kind := binary.BigEndian.Uint16(question[end-4:]); kind == 1 {
			at := min(int(n.Asked.Add(1)), len(n.Answers)) - 1
			four := n.Answers[at].As4()
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, four[0], four[1], four[2], four[3])
		}
		binary.BigEndian.PutUint16(length[:], uint16(len(answer)))
		if _, err := conn.Write(append(length[:], answer...)); err != nil {
			return
		}
	}
}
