import type { Clock } from "../../../clock.ts";
import type { ApiCalls } from "../api.ts";
import { apiVersionOf, type GroupVersionResource } from "../resource-kind.ts";
import { readResourceSchema, type SchemaNode } from "./resource-schema.ts";

/** Time for which a schema is taken as current, in milliseconds: operators are upgraded now and then. */
const maxAgeMs = 60_000;

/** Time until a schema that could not be read is asked for again, in milliseconds. */
const retryAfterMs = 5_000;

/** Time for the document, in milliseconds: the first write does not wait for it any longer. */
const answerTimeoutMs = 2_000;

/** The schema that a cluster has of one kind. */
export interface SchemaSource {
	/** What was read last; undefined: nothing yet, or the cluster does not tell. */
	readonly known: SchemaNode | undefined;
	/**
	 * Reads it again where that is due; waits for it only where nothing is known yet. Never rejects.
	 */
	refresh(): Promise<void>;
}

/** Creates the source. The document is open to every authenticated caller (`system:discovery`). */
export function createSchemaSource(
	calls: Pick<ApiCalls, "fetchJson">,
	kind: GroupVersionResource & { readonly kind: string },
	clock: Pick<Clock, "monotonicMs">,
): SchemaSource {
	let known: SchemaNode | undefined;
	let dueMs = Number.NEGATIVE_INFINITY;
	let reading: Promise<void> | undefined;

	const read = async () => {
		const path = `/openapi/v3/apis/${apiVersionOf(kind)}`;
		try {
			known = readResourceSchema(
				await calls.fetchJson({ method: "GET", path }, answerTimeoutMs),
				kind,
			);
			dueMs = clock.monotonicMs() + maxAgeMs;
		} catch {
			dueMs = clock.monotonicMs() + retryAfterMs;
			// Without it nothing is warned of and nothing filled in: the API server judges the write.
		}
		reading = undefined;
	};

	return {
		get known() {
			return known;
		},
		async refresh() {
			if (reading === undefined && clock.monotonicMs() < dueMs) return;
			reading ??= read();
			if (known === undefined) await reading;
		},
	};
}
