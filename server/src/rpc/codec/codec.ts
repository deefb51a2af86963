/** How a message is written: protobuf's binary or JSON form. */
export type Form = "binary" | "json";
