import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type {
	VirtualMachine,
	VirtualMachineInstance,
} from "../../../resource/wukong/power/evidence.ts";
import type { StuckRules } from "../../../resource/wukong/power/power-times.ts";
import type { Change, KindIndex, Sink, StoreState } from "../../change-feed.ts";
import type { ObservedWukong } from "../kinds/observed-wukong.ts";
import { createJoiner, type Joiner } from "./joiner.ts";
import { createKindMemory, type KindMemory, objectsAtBase } from "./kind-memory.ts";

/** Joins what three kinds bring into one sink. Where only Wukongs are known, it passes them on. */
export interface JoinedFeed {
	readonly wukongs: Sink<ObservedWukong>;
	readonly vms: Sink<VirtualMachine>;
	readonly vmis: Sink<VirtualMachineInstance>;
	/** What was loaded of a kind is no longer known. */
	missing(kind: 1 | 2): void;
	/** Loads the sink with all that has come, and tells it all that comes. */
	open(): void;
	/** Joins a state of a Wukong that the feed did not bring, such as one just written. */
	view(observed: ObservedWukong): Wukong;
}

/** Creates a feed that tells `sink` nothing before it is opened. */
export function createJoinedFeed(sink: Sink, rules: StuckRules): JoinedFeed {
	const memory = {
		wukongs: createKindMemory<ObservedWukong>(),
		vms: createKindMemory<VirtualMachine>(),
		vmis: createKindMemory<VirtualMachineInstance>(),
	};
	let joiner: Joiner | undefined;
	let isOpen = false;

	/** Joins everything anew. Histories are joined one after the other: no order is between them. */
	const reload = () => {
		const wukongs = memory.wukongs.known;
		if (!isOpen || wukongs === undefined) return;
		const vms = memory.vms.known;
		const vmis = vms && memory.vmis.known;
		joiner = createJoiner(
			{ wukongs: atBase(wukongs), vms: vms && atBase(vms), vmis: vmis && atBase(vmis) },
			rules,
		);
		const history = [
			...joiner.wukongsChanged(wukongs.history),
			...(vms === undefined ? [] : joiner.vmsChanged(vms.history)),
			...(vmis === undefined ? [] : joiner.vmisChanged(vmis.history)),
		];
		const joined = [vms, vmis].flatMap((kind) =>
			kind === undefined ? [] : [{ head: kind.head, base: kind.base }],
		);
		for (const [kind, { head }] of [wukongs, ...joined].entries()) {
			joiner.passed(kind as KindIndex, head);
		}
		for (const kind of Object.values(memory)) kind.forgetHistory();
		sink.load({
			objects: joiner.objects(),
			...{ head: wukongs.head, base: wukongs.base, history },
			...(joined.length > 0 && { joined }),
		});
	};

	/** Checks whether a kind is among those that are joined now. */
	const isJoined = (kind: KindIndex) =>
		kind === 0 || (memory.vms.isLoaded && (kind === 1 || memory.vmis.isLoaded));

	const sinkOf = <T extends ObservedWukong | VirtualMachine | VirtualMachineInstance>(
		kind: KindIndex,
		kept: KindMemory<T>,
		take: (joiner: Joiner, changes: readonly Change<T>[]) => Change[],
	): Sink<T> => ({
		load(state) {
			kept.load(state);
			reload();
		},
		append(changes) {
			kept.append(changes);
			if (joiner === undefined || !isJoined(kind)) return;
			const joined = take(joiner, changes);
			if (joined.length > 0) sink.append(joined);
			const last = changes.at(-1);
			// The last of them may touch no Wukong.
			if (last !== undefined && joined.at(-1)?.version !== last.version) {
				sink.advance(last.version, kind, joined.length > 0 ? undefined : last.gapAfter);
			}
		},
		advance(version, _kind, gapAfter) {
			kept.advance(version);
			if (joiner === undefined || !isJoined(kind)) return;
			joiner.passed(kind, version);
			sink.advance(version, kind, gapAfter);
		},
	});

	return {
		wukongs: sinkOf(0, memory.wukongs, (current, changes) => current.wukongsChanged(changes)),
		vms: sinkOf(1, memory.vms, (current, changes) => current.vmsChanged(changes)),
		vmis: sinkOf(2, memory.vmis, (current, changes) => current.vmisChanged(changes)),
		missing(kind) {
			const kept = kind === 1 ? memory.vms : memory.vmis;
			const wasJoined = isJoined(kind);
			kept.forget();
			if (wasJoined) reload();
		},
		open() {
			isOpen = true;
			reload();
		},
		view: (observed) => joiner?.view(observed) ?? observed.wukong,
	};
}

function atBase<T extends ObservedWukong | VirtualMachine | VirtualMachineInstance>(
	state: StoreState<T>,
) {
	return { objects: objectsAtBase(state), head: state.base };
}
