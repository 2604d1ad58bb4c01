package keys

import (
	"context"

	"farthing.dev/farthing/domain/keyring"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	Secret(ctx context.Context) (keyring.Secret, error)
}
