package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"connectrpc.com/connect"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
	"novasphere.dev/wukong-api/test/bench/go/gen/wukong/wukongconnect"
)

// connectService answers with messages that are already there.
type connectService struct {
	wukongconnect.UnimplementedWukongServiceHandler
	payload *payload
	hub     *hub
}

// serveConnect speaks HTTP/1.1 and cleartext HTTP/2 on one port.
func serveConnect(listener net.Listener, payload *payload, hub *hub) error {
	mux := http.NewServeMux()
	mux.Handle(wukongconnect.NewWukongServiceHandler(&connectService{payload: payload, hub: hub}))
	server := http.Server{Handler: mux, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	return server.Serve(listener)
}

func (s *connectService) GetWukong(
	_ context.Context,
	request *connect.Request[wukong.GetWukongRequest],
) (*connect.Response[wukong.GetWukongResponse], error) {
	answer, found := s.payload.byRef[refKey(request.Msg.GetNamespace(), request.Msg.GetName())]
	if !found {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("no such VM"))
	}
	return connect.NewResponse(answer), nil
}

func (s *connectService) ListWukongs(
	context.Context,
	*connect.Request[wukong.ListWukongsRequest],
) (*connect.Response[wukong.ListWukongsResponse], error) {
	return connect.NewResponse(s.payload.list), nil
}

func (s *connectService) WatchWukong(
	ctx context.Context,
	_ *connect.Request[wukong.WatchWukongRequest],
	stream *connect.ServerStream[wukong.WukongEvent],
) error {
	return s.hub.watch(ctx, s.payload.synced, stream.Send)
}
