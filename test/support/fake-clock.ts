// The clock that the web client offers to its users' tests; a page has none, so it has no Node in it.
export { createFakeClock, type FakeClock } from "../../web-client/src/testing/fake-clock.ts";
