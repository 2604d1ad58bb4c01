package bench

import (
	"context"
	"net/http"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Engine is what is measured in process.
type Engine interface {
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
}

// System is Farthing, opened and ready.
type System struct {
	Engine  Engine
	Catalog *store.Catalog
	Handler http.Handler // the vendor API, as a server mounts it
	Reader  func(vendor token.VendorID, user token.UserID) (token.ReaderID, error)
	Head    func(ctx context.Context) (uint64, error) // the number of the journal's last entry
	Close   func() error
}

// Place is where a System keeps its data.
type Place interface {
	Name() string // sqlite or postgres
	// Open opens the system, made if it is not there, and returns when it is ready.
	Open(ctx context.Context) (*System, error)
	// Disk returns how many bytes everything takes on disk.
	Disk(ctx context.Context) (int64, error)
}
