import type { BenchCase } from "./cases/case.ts";
import { fullCatalogue } from "./catalogue.ts";
import { targets } from "./report/targets.ts";
import type { ServerName } from "./servers/roster.ts";

/** Cases without a target that are measured by default all the same: the hot calls, and what must not get worse. */
const watched = new Set([
	...["get-json", "get-grpc", "write-create", "write-update", "write-power"],
	...["single-connect-json-100", "single-connect-json-500", "single-grpc-100", "single-grpc-500"],
	...["scope-1000", "scope-namespace-10000", "hostile", "start-up"],
]);

/** Cases that show every peer, also those that no target names. */
const shown = new Set(["get-distinct-json", "rest-get"]);

/** Servers that are compared with in every case that has them. */
const bases: ReadonlySet<ServerName> = new Set([
	...(["ours", "ours, quiet", "ours, Connect JSON", "npm start", "in memory", "on disk"] as const),
	...(["before", "before, in memory", "before, on disk", "stock", "raw"] as const),
]);

/**
 * The cases of a run without options, within 25 minutes: those with a target, with the servers that
 * the target names, and those that must not get worse. What is left out (sizes, and peers that no
 * target names) is measured by `--all`.
 */
export function scoreboardCatalogue(): BenchCase[] {
	return fullCatalogue().flatMap((benchCase) => {
		const { id, servers } = benchCase;
		const demands = targets.filter((target) => target.case === id).flatMap((each) => each.demands);
		if (demands.length === 0 && !watched.has(id)) return [];
		if (shown.has(id)) return [benchCase];
		const named = new Set<string>(
			demands.flatMap((demand) => {
				if ("aheadOf" in demand) return [demand.aheadOf];
				return "base" in demand ? [demand.base] : [];
			}),
		);
		return [
			{ ...benchCase, servers: servers.filter((name) => bases.has(name) || named.has(name)) },
		];
	});
}
