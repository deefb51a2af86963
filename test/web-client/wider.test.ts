import { expect, test } from "vitest";
import type { WatchQuery } from "../../web-client/src/index.ts";
import { isWider } from "../../web-client/src/share/wider.ts";

test.each<[WatchQuery, WatchQuery, boolean]>([
	[{}, { namespace: "a" }, true],
	[{}, { name: "vm" }, true],
	[{}, { labels: { app: "web" } }, true],
	[{ namespace: "a" }, { namespace: "a", name: "vm" }, true],
	[{ labels: { app: "web" } }, { labels: { app: "web", tier: "front" } }, true],
	[{ labelSelector: "a in (b)" }, { labelSelector: "a in (b)", namespace: "a" }, true],
	[{ namespace: "a" }, { namespace: "b" }, false],
	[{ namespace: "a" }, {}, false],
	[{ namespace: "a" }, { name: "vm" }, false],
	[{ labels: { app: "web" } }, { labels: { app: "api" } }, false],
	[{ labels: { app: "web" } }, {}, false],
	// The grammar of selectors is the service's: what it lets through is not guessed at.
	[{}, { labelSelector: "a=b" }, false],
	[{ labelSelector: "a" }, {}, false],
])("%j shows all of %j: %s", (wide, narrow, isSo) => {
	expect(isWider(wide, narrow)).toBe(isSo);
});
