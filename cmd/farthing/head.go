package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// headLine is how often the journal's head is a line of the log.
const headLine = time.Minute

// heads keeps the journal's head outside the database: in a file, at most once a second, and
// in the log, once a minute.
type heads struct {
	file   *store.HeadFile
	told   journal.Head
	toldAt time.Time
}

// openHeads compares the journal with the head that was kept of it.
func openHeads(ctx context.Context, c config, db store.Database, log *slog.Logger) (*heads, error) {
	path := store.HeadFileIn(c.data)
	file, err := store.OpenHeadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w; if it was damaged, verify the database against a head that the log told, and delete the file", err)
	}
	kept := file.Kept()
	err = file.Prove(ctx, db, c.lostTail)
	if errors.Is(err, store.ErrTailLost) {
		return nil, fmt.Errorf("%w (the head of entry %d is in %s). Sales that were acknowledged are missing, or this is another provider's database. Nothing was changed. "+
			"Put the right database there; or, if what is missing is lost for good, start once with --accept-lost-tail %d (docs/operations.md)", err, kept.Seq, path, kept.Seq)
	}
	if err != nil {
		return nil, err
	}
	if now := file.Kept(); now != kept {
		log.Warn("a lost tail of the journal was accepted", "was", kept.String())
	}
	return &heads{file: file}, nil
}

// keepHead keeps the journal's head, once it is confirmed: what no standby has can be lost
// by a failover, and is no tail then that anybody was told of. It is a worker of the provider.
func (p *provider) keepHead(ctx context.Context) error {
	head := p.engine.Confirmed()
	var err error
	if head.Seq == 0 {
		err = p.heads.file.Prove(ctx, p.db, 0)
	} else {
		err = p.heads.file.Keep(ctx, p.db, head)
	}
	if errors.Is(err, store.ErrTailLost) {
		p.engine.SetProblem(store.ProblemReplaced, err.Error()+"; stop all servers, and see docs/operations.md on a lost tail")
		err = nil
	} else if err == nil {
		p.engine.ClearProblem(store.ProblemReplaced)
	}
	if now := time.Now(); now.Sub(p.heads.toldAt) >= headLine && head.Seq != 0 && head.Seq != p.heads.told.Seq {
		p.log.Info("the journal's head", "head", head.String())
		p.heads.told, p.heads.toldAt = head, now
	}
	return err
}
