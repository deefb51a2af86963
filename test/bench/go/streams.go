package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// form is how a stream writes its events: as server-sent events or as lines of JSON.
type form int

const (
	formSSE form = iota
	formLines
)

func formOf(accept string) form {
	if accept == "text/event-stream" {
		return formSSE
	}
	return formLines
}

func (f form) contentType() string {
	if f == formSSE {
		return "text/event-stream"
	}
	return "application/x-ndjson"
}

// write marshals one event and writes it, as each framework's page on streams does.
func (f form) write(w io.Writer, event plainEvent) error {
	data, err := json.Marshal(event)
	if err != nil {
		return err
	}
	if f == formSSE {
		_, err = fmt.Fprintf(w, "event: %s\nid: %s\ndata: %s\n\n",
			strings.ToLower(event.Type), event.ResourceVersion, data)
	} else {
		_, err = fmt.Fprintf(w, "%s\n", data)
	}
	return err
}

// sharedBytes keeps the bytes of the last burst in each form, for all streams that are told of it.
type sharedBytes struct {
	mutex sync.Mutex
	of    [2]*wukong.WukongEvent
	bytes [2][]byte
}

func (s *sharedBytes) find(f form, p *payload, events []*wukong.WukongEvent) []byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.of[f] != events[0] {
		var joined bytes.Buffer
		for _, event := range events {
			_ = f.write(&joined, p.plainChanged[event])
		}
		s.of[f], s.bytes[f] = events[0], joined.Bytes()
	}
	return s.bytes[f]
}

// stream writes SYNCED and then each burst until the reader leaves.
type stream struct {
	form    form
	payload *payload
	hub     *hub
	// nil: each event is marshaled, written and flushed for each stream.
	shared *sharedBytes
}

func (s stream) run(ctx context.Context, w io.Writer, flush func() error) error {
	begin := func() error {
		if err := s.form.write(w, s.payload.plainSynced); err != nil {
			return err
		}
		return flush()
	}
	return s.hub.follow(ctx, begin, func(events []*wukong.WukongEvent) error {
		if s.shared != nil {
			if _, err := w.Write(s.shared.find(s.form, s.payload, events)); err != nil {
				return err
			}
			return flush()
		}
		for _, event := range events {
			if err := s.form.write(w, s.payload.plainChanged[event]); err != nil {
				return err
			}
			if err := flush(); err != nil {
				return err
			}
		}
		return nil
	})
}
