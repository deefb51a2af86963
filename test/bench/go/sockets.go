package main

import (
	"context"
	"encoding/json"
	"sync"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// socketMessage is what a WebSocket says of its one subscription.
type socketMessage struct {
	Type   string       `json:"type"`
	ID     string       `json:"id"`
	Events []plainEvent `json:"events"`
}

func newSocketMessage(event plainEvent) socketMessage {
	// The load's first subscription on each socket.
	return socketMessage{Type: "events", ID: "0", Events: []plainEvent{event}}
}

// socket is a WebSocket of Gorilla, or of its fork for fasthttp.
type socket interface {
	ReadMessage() (messageType int, message []byte, err error)
	WriteJSON(message any) error
}

// runSocket waits for the subscription, then says SYNCED and each burst until the reader leaves.
// sendShared sends what is prepared once for all; nil: each event is marshaled for each socket.
func (s stream) runSocket(conn socket, sendShared func(*wukong.WukongEvent) error) error {
	if _, _, err := conn.ReadMessage(); err != nil {
		return err
	}
	ctx, leave := context.WithCancel(context.Background())
	// Pings and the close are answered while somebody reads.
	go func() {
		defer leave()
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	begin := func() error { return conn.WriteJSON(newSocketMessage(s.payload.plainSynced)) }
	return s.hub.follow(ctx, begin, func(events []*wukong.WukongEvent) error {
		for _, event := range events {
			if err := s.say(conn, event, sendShared); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s stream) say(
	conn socket,
	event *wukong.WukongEvent,
	sendShared func(*wukong.WukongEvent) error,
) error {
	if s.shared != nil {
		return sendShared(event)
	}
	return conn.WriteJSON(newSocketMessage(s.payload.plainChanged[event]))
}

// prepared keeps what a library prepares of each event, for all sockets that are told of it.
type prepared[T any] struct {
	payload *payload
	prepare func(message []byte) (T, error)

	mutex sync.Mutex
	made  map[*wukong.WukongEvent]T
}

func (p *prepared[T]) find(event *wukong.WukongEvent) (T, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if found, isKnown := p.made[event]; isKnown {
		return found, nil
	}
	var none T
	message, err := json.Marshal(newSocketMessage(p.payload.plainChanged[event]))
	if err != nil {
		return none, err
	}
	made, err := p.prepare(message)
	if err != nil {
		return none, err
	}
	if p.made == nil {
		p.made = map[*wukong.WukongEvent]T{}
	}
	p.made[event] = made
	return made, nil
}
