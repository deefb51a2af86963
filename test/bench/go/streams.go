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

// sharedBytes keeps the bytes of each event in each form, for all streams that are told of it.
type sharedBytes struct {
	mutex sync.Mutex
	bytes [2]map[*wukong.WukongEvent][]byte
}

func (s *sharedBytes) find(f form, p *payload, event *wukong.WukongEvent) []byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.bytes[f] == nil {
		s.bytes[f] = map[*wukong.WukongEvent][]byte{}
	}
	found, isKnown := s.bytes[f][event]
	if !isKnown {
		var written bytes.Buffer
		_ = f.write(&written, p.plainChanged[event])
		found = written.Bytes()
		s.bytes[f][event] = found
	}
	return found
}

// stream writes SYNCED and then each burst until the reader leaves.
type stream struct {
	form    form
	payload *payload
	hub     *hub
	// nil: each event is marshaled for each stream. Either way each is written and flushed.
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
		for _, event := range events {
			if err := s.send(w, event); err != nil {
				return err
			}
			if err := flush(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s stream) send(w io.Writer, event *wukong.WukongEvent) error {
	if s.shared == nil {
		return s.form.write(w, s.payload.plainChanged[event])
	}
	_, err := w.Write(s.shared.find(s.form, s.payload, event))
	return err
}
