package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// grpcService answers with messages that are already there.
type grpcService struct {
	wukong.UnimplementedWukongServiceServer
	payload *payload
	hub     *hub
}

func serveGRPC(listener net.Listener, payload *payload, hub *hub) error {
	server := grpc.NewServer()
	wukong.RegisterWukongServiceServer(server, &grpcService{payload: payload, hub: hub})
	return server.Serve(listener)
}

func (s *grpcService) GetWukong(
	_ context.Context,
	request *wukong.GetWukongRequest,
) (*wukong.GetWukongResponse, error) {
	answer, found := s.payload.byRef[refKey(request.GetNamespace(), request.GetName())]
	if !found {
		return nil, status.Error(codes.NotFound, "no such VM")
	}
	return answer, nil
}

func (s *grpcService) ListWukongs(
	context.Context,
	*wukong.ListWukongsRequest,
) (*wukong.ListWukongsResponse, error) {
	return s.payload.list, nil
}

func (s *grpcService) WatchWukong(
	_ *wukong.WatchWukongRequest,
	stream grpc.ServerStreamingServer[wukong.WukongEvent],
) error {
	return s.hub.watch(stream.Context(), s.payload.synced, stream.Send)
}
