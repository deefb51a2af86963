/**
 * Generated messages, enums and schemas of `novasphere.v1`, without the field rules, which a page
 * does not judge.
 *
 * @module
 */
export * from "../gen/google/rpc/error_details_pb.js";
export * from "../gen/novasphere/v1/access_service_pb.js";
export * from "../gen/novasphere/v1/error_pb.js";
export * from "../gen/novasphere/v1/wukong_pb.js";
export * from "../gen/novasphere/v1/wukong_service_pb.js";
