import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";

/** Bytes on their way to the load before the server must wait: the load's slowness is not measured. */
const windowBytes = 16 * 1024 * 1024;

/** An HTTP/2 connection with flow-control windows wide enough to be out of the way. */
export function openGrpcSession(server: URL): ClientHttp2Session {
	const session = connect(server.origin, { settings: { initialWindowSize: windowBytes } });
	session.on("connect", () => session.setLocalWindowSize(windowBytes));
	// Whoever waits on a stream hears of it there.
	session.on("error", () => {});
	return session;
}

/** Header fields of a gRPC call without deadline. */
export function grpcHeaders(path: string): OutgoingHttpHeaders {
	return {
		":method": "POST",
		":path": path,
		"content-type": "application/grpc+proto",
		te: "trailers",
	};
}
