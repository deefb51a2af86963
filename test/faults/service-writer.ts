import { ErrorReason } from "@novasphere/wukong-gen/error";
import { Failure } from "../../server/src/failure.ts";
import type { ObjectRef } from "../../server/src/resource/object.ts";
import type { Store } from "../../server/src/store/store.ts";
import { setLabel, writeOptions } from "../server/store/write.ts";
import type { Hand } from "./hand.ts";

/** Writes one VM through the service, and holds each answer to what it promises. */
export interface ServiceWriter {
	/** One write. @throws a reason that no fault of upstream may have */
	write(store: Store): Promise<void>;
	/** @throws where the VM is not as the answers said */
	check(): Promise<void>;
	/** How often each answer came. */
	readonly outcomes: ReadonlyMap<string, number>;
}

const label = "written";

export async function createServiceWriter(hand: Hand, ref: ObjectRef): Promise<ServiceWriter> {
	await hand.create(ref.name, { [label]: "0" });
	/** What the label may be by now. */
	let possible = new Set(["0"]);
	let number = 0;
	const outcomes = new Map<string, number>();

	const outcomeOf = async (store: Store, value: string): Promise<string> => {
		try {
			await store.edit(ref, setLabel(label, value), writeOptions);
			// Others that are still under way were conditional on a state that is gone.
			possible = new Set([value]);
			return "written";
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			switch (error.reason) {
				case ErrorReason.UPSTREAM_UNAVAILABLE:
				case ErrorReason.RESOURCE_VERSION_CONFLICT:
					return "surely not written";
				case ErrorReason.WRITE_OUTCOME_UNKNOWN:
					possible.add(value);
					return "perhaps written";
				default:
					throw error;
			}
		}
	};

	return {
		outcomes,
		async write(store) {
			const outcome = await outcomeOf(store, String(++number));
			outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
		},
		async check() {
			const written = (await hand.objects()).find(({ metadata }) => metadata.name === ref.name);
			const labels = { ...(written?.metadata.labels as Record<string, string>) };
			const value = labels[label] ?? "gone";
			if (!possible.has(value)) {
				throw new Error(`it is ${value}, and the answers said ${[...possible].join(" or ")}`);
			}
		},
	};
}
