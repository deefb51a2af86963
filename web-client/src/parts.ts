/**
 * What is loaded where it is used: for tokens, waiting, sharing streams, and pages that call
 * another origin.
 *
 * @module
 */
export { authorize } from "./authorize.ts";
export { isForbidden } from "./forbidden.ts";
export { createSharing } from "./share/sharing.ts";
export { waitFor } from "./wait-for.ts";
