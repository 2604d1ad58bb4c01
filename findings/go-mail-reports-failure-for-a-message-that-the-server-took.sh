#!/usr/bin/env bash
# github.com/wneessen/go-mail v0.8.1: DialAndSendWithContext returns an error for a message that the
# server has accepted, if the RSET or the QUIT after it fails.
#
# Expected: nil once the server has answered 250 to the message. SMTP hands the responsibility over
#   with that answer (RFC 5321, 4.2.5); what becomes of the session afterwards is nothing to the message.
# Seen: with a server that takes the message and answers 421 to the RSET that the library sends after
#   each message, or to QUIT, the error is not nil. Message.IsDelivered() is true in both cases.
# Why it matters: whoever tries again on an error, as every queue does, sends the same letter as often
#   as it has tries: a dozen login codes, or bills, to one reader from a server under load. Ask
#   IsDelivered before the error.
#
# Fails (exit 1) when no error is returned, or IsDelivered is false: then this is no longer so.
set -euo pipefail
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat > go.mod <<'M'
module example.test/finding

go 1.24

require github.com/wneessen/go-mail v0.8.1
M
cat > main.go <<'G'
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/wneessen/go-mail"
)

// serve answers one session. It takes a message, and answers 421 to the command that fails names.
func serve(listener net.Listener, fails string, took chan<- bool) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	got, data, sent := bufio.NewReader(conn), false, false
	defer func() { took <- sent }()
	fmt.Fprint(conn, "220 mail.test\r\n")
	for {
		line, err := got.ReadString('\n')
		if err != nil {
			return
		}
		word := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case data && word == ".":
			data, sent = false, true
			fmt.Fprint(conn, "250 taken\r\n")
		case data:
		case sent && word == fails:
			fmt.Fprint(conn, "421 closing\r\n")
			return
		case word == "DATA":
			data = true
			fmt.Fprint(conn, "354 go on\r\n")
		case word == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

func main() {
	so := true
	for _, fails := range []string{"nothing", "RSET", "QUIT"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		took := make(chan bool, 1)
		go serve(listener, fails, took)
		client, err := mail.NewClient("127.0.0.1", mail.WithPort(listener.Addr().(*net.TCPAddr).Port), mail.WithTLSPolicy(mail.NoTLS))
		if err != nil {
			panic(err)
		}
		m := mail.NewMsg()
		if m.From("a@sender.test") != nil || m.To("b@receiver.test") != nil {
			panic("addresses")
		}
		m.Subject("Your code")
		m.SetBodyString(mail.TypeTextPlain, "1234")
		err = client.DialAndSendWithContext(context.Background(), m)
		taken := <-took
		fmt.Printf("421 to %s: the server took the message: %t; IsDelivered: %t; error: %v\n", fails, taken, m.IsDelivered(), err)
		so = so && taken && m.IsDelivered() && (err != nil) == (fails != "nothing")
		listener.Close()
	}
	if !so {
		fmt.Println("this has changed")
		os.Exit(1)
	}
	fmt.Println("still so in go-mail v0.8.1")
}
G
export GOFLAGS=-mod=mod GOMODCACHE=${GOMODCACHE:-$(go env GOMODCACHE)}
go mod tidy >/dev/null 2>&1
go run .
