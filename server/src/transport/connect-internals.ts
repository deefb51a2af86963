// The helpers of connect that lie outside semantic versioning. They are imported here alone, so
// that an update of the pinned version has one place to look at.
export { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
export {
	codeToHttpStatus,
	endStreamToJson,
	errorToJson,
} from "@connectrpc/connect/protocol-connect";
export { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
export { trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
