// The helpers of connect that lie outside semantic versioning. They are imported here alone, so
// that an update of the pinned version has one place to look at.
export {
	type Compression,
	createAsyncIterable,
	createUniversalServiceHandlers,
	type EnvelopedMessage,
	mergeNonProtocolHeaders,
	pipe,
	transformDecompressEnvelope,
	transformJoinEnvelopes,
	transformSplitEnvelope,
	type UniversalHandler,
	type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
export {
	codeToHttpStatus,
	contentTypeStreamRegExp,
	contentTypeUnaryRegExp,
	createHandlerFactory as createConnectHandlerFactory,
	endStreamFlag,
	endStreamToJson,
	errorToJson,
} from "@connectrpc/connect/protocol-connect";
export {
	contentTypeRegExp as grpcContentTypeRegExp,
	createHandlerFactory as createGrpcHandlerFactory,
	setTrailerStatus,
} from "@connectrpc/connect/protocol-grpc";
export {
	contentTypeRegExp as grpcWebContentTypeRegExp,
	createHandlerFactory as createGrpcWebHandlerFactory,
} from "@connectrpc/connect/protocol-grpc-web";
