package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"farthing.dev/farthing/token"
)

// buyInProcess lets callers buy through the engine, each the next thing as soon as
// the one before is durable, for a time.
func buyInProcess(ctx context.Context, w *Workload, s *System, ids *token.Maker, callers int, lasting time.Duration, watch *progress) (Sample, error) {
	watch.begin("in process", 0)
	defer watch.end()
	round, err := s.Head(ctx)
	if err != nil {
		return Sample{}, err
	}
	var mu sync.Mutex
	var all Histogram
	begun, cpu := time.Now(), cpuTime()
	until := begun.Add(lasting)
	err = together(callers, func(caller int) error {
		shopper := w.Shopper(round, caller)
		for now := time.Now(); now.Before(until); {
			charge := w.Charge(shopper.Next(), token.NewID[token.OrderKind](ids))
			asked := time.Now()
			if _, err := s.Engine.Do(ctx, charge); err != nil {
				return fmt.Errorf("purchase: %w", err)
			}
			now = time.Now()
			mu.Lock()
			all.Add(now.Sub(asked))
			mu.Unlock()
			watch.add(1)
		}
		return nil
	})
	return Sample{
		Count: all.Count, Elapsed: time.Since(begun), CPU: cpuTime() - cpu,
		P50: all.Quantile(0.5), P99: all.Quantile(0.99), Max: all.Quantile(1),
	}, err
}
