import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { WukongRef } from "../../resource/object.ts";
import type { Entry, Origin } from "./entry.ts";
import type { WriteQueue } from "./write-queue.ts";

/** What comes of a request: an answer as things are, or a new record to be written. */
export type Decision =
	| { readonly answer: Wukong }
	| { readonly record: Wukong; readonly origin: Origin };

/**
 * Decides on what is there, writes included that are not committed yet, and carries
 * it out. Neither an answer nor a refusal leaves before what it rests on is committed.
 * @param decision called once, at once; may throw.
 * @returns the published Wukong.
 */
export async function decide(
	writeQueue: WriteQueue,
	ref: WukongRef,
	decision: (entry: Entry | undefined) => Decision,
): Promise<Wukong> {
	const { entry, settled } = writeQueue.see(ref);
	let decided: Decision;
	try {
		decided = decision(entry);
	} catch (refusal) {
		await settled;
		throw refusal;
	}
	if ("answer" in decided) {
		await settled;
		return decided.answer;
	}
	return (await writeQueue.write(ref, decided.record, decided.origin)).published;
}
