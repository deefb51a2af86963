/**
 * React hooks for live lists. Clean in strict mode, and on a server, where a list is empty and
 * `connecting`, and no stream is opened.
 *
 * @module
 */
export { useWukongAction, type WukongAction } from "./action.ts";
export { useWukongClient, WukongProvider } from "./provider.ts";
export { type LiveQuery, useWukong, useWukongs } from "./use-wukongs.ts";
