package incentive

import (
	"log/slog"

	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// Deps is what Incentives are made of.
type Deps struct {
	Engine    Engine
	Catalog   Catalog
	Clock     token.Clock
	IDs       *token.Maker
	Log       *slog.Logger
	Directory *directory.Directory
}

// Incentives gives readers tokens at a vendor's expense, or the provider's. It is safe for
// concurrent use.
type Incentives struct {
	engine    Engine
	catalog   Catalog
	clock     token.Clock
	ids       *token.Maker
	log       *slog.Logger
	directory *directory.Directory
	campaigns *cache.Cache[token.CampaignID, catalog.Campaign]
}

// New makes Incentives.
func New(d Deps) *Incentives {
	return &Incentives{
		engine: d.Engine, catalog: d.Catalog, clock: d.Clock, ids: d.IDs, log: d.Log, directory: d.Directory,
		campaigns: cache.New[token.CampaignID, catalog.Campaign](d.Clock, cache.Forever, 16384),
	}
}
