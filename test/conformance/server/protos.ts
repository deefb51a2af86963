/** The suite's own messages, as `npm run conformance:build` generates them. */
export * from "../../../.cache/conformance/gen/connectrpc/conformance/v1/server_compat_pb.js";
export * from "../../../.cache/conformance/gen/connectrpc/conformance/v1/service_pb.js";
