/**
 * React hooks for live lists and rights. Clean in strict mode, and on a server, where a list is empty and
 * `connecting`, and no stream is opened.
 *
 * @module
 */
export { useWukongAction, type WukongAction } from "./action.ts";
export { useWukongClient, WukongProvider } from "./provider.ts";
export { type AccessQuery, type LiveRights, useAccess } from "./use-access.ts";
export { type LiveQuery, useWukong, useWukongs } from "./use-wukongs.ts";
