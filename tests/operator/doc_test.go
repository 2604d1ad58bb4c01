// Package operator tests what the provider's own staff does, with the real binary: commands
// beside a running server and without one, on both databases.
package operator

import (
	"os"
	"testing"

	"farthing.dev/farthing/tests/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
