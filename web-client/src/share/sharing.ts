/**
 * What pages load that share streams with other tabs, or have few connections: see `lazily.ts`.
 *
 * @module
 */
export { createSharedStream } from "./shared-stream.ts";
export { createSlots } from "./slots.ts";
export { findNarrowStream } from "./wider.ts";
