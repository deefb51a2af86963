package main

import (
	"context"
	"sync"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// maxPendingBursts that a reader may be behind before the hub waits for it.
const maxPendingBursts = 64

// hub tells every reader of every burst.
type hub struct {
	mutex   sync.Mutex
	readers map[chan []*wukong.WukongEvent]struct{}
}

func newHub() *hub {
	return &hub{readers: map[chan []*wukong.WukongEvent]struct{}{}}
}

func (h *hub) publish(events []*wukong.WukongEvent) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for reader := range h.readers {
		reader <- events
	}
}

// watch sends SYNCED, then each event of each burst until the reader leaves.
func (h *hub) watch(
	ctx context.Context,
	synced *wukong.WukongEvent,
	send func(*wukong.WukongEvent) error,
) error {
	begin := func() error { return send(synced) }
	return h.follow(ctx, begin, func(events []*wukong.WukongEvent) error {
		for _, event := range events {
			if err := send(event); err != nil {
				return err
			}
		}
		return nil
	})
}

// follow begins, and then sends each burst until the reader leaves; none in between is lost.
func (h *hub) follow(
	ctx context.Context,
	begin func() error,
	send func([]*wukong.WukongEvent) error,
) error {
	bursts := make(chan []*wukong.WukongEvent, maxPendingBursts)
	h.mutex.Lock()
	h.readers[bursts] = struct{}{}
	h.mutex.Unlock()
	defer func() {
		h.mutex.Lock()
		delete(h.readers, bursts)
		h.mutex.Unlock()
	}()
	if err := begin(); err != nil {
		return err
	}
	for {
		select {
		case events := <-bursts:
			if err := send(events); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
