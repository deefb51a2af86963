/** Encoding of a message: protobuf binary or protobuf JSON (connect: "codec"). */
export type Codec = "binary" | "json";
