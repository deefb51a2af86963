import type { ControlKind, EventFactory } from "../../../../server/src/watch/events.ts";
import { type Filter, shows } from "../../../../server/src/watch/filter.ts";
import { parsePlaces } from "../../../../server/src/watch/places.ts";
import type { Replica } from "../../../../server/src/watch/replica.ts";
import type { WatchStream } from "../../../../server/src/watch/watch-stream.ts";
import { filterOf } from "../../../support/watching.ts";
import { isSeen, kinds, seen, type Truth, type Vm } from "./truth.ts";

/** One message of a stream. */
export interface Message {
	readonly type: "added" | "modified" | "deleted" | "snapshot" | ControlKind;
	readonly vm: Vm | undefined;
	readonly token: string;
}

export const messages: EventFactory<Vm, Message> = {
	change: (type, vm, { token }) => Object.freeze({ type, vm, token }),
	snapshot: (vm) => Object.freeze({ type: "snapshot", vm, token: "start-over" }),
	control: (type, { token }) => ({ type, vm: undefined, token }),
	sizeBytes: () => 100,
};

export type JoinedReplica = Replica<Vm, Message>;

/** A client that keeps the rule of docs/watch.md and notes what breaks a promise. */
export interface Reader {
	readonly filter: Filter;
	readonly isOpen: boolean;
	/** What it holds, by name. */
	readonly held: ReadonlyMap<string, Vm>;
	readonly faults: readonly string[];
	connect(replica: JoinedReplica): void;
	cut(): void;
	read(count: number): void;
}

/** Changes the messages or the tokens of a stream, as a faulty server would. */
export interface Tamper {
	/** Returns the token that the stream is resumed from. */
	token?(token: string, replica: JoinedReplica): string;
	/** @param isResuming before SYNCED of a stream that was given a version */
	message?(message: Message, isResuming: boolean, resumedFrom: string): Message | undefined;
}

export function createReader(truth: Truth, label: string, tamper: Tamper): Reader {
	const filter = filterOf(label === "" ? {} : { labelSelector: `app=${label}` });
	const held = new Map<string, Vm>();
	const versions = new Map<string, readonly bigint[]>();
	const faults: string[] = [];
	let unseen: Set<string> | undefined;
	let stream: WatchStream<Message> | undefined;
	let token = "";
	let resumedFrom = "";
	let isResuming = false;

	const startOver = () => {
		unseen = new Set(held.keys());
		versions.clear();
		isResuming = false;
	};
	const store = (message: Message, vm: Vm) => {
		const { name } = vm;
		if (!shows(filter, vm)) faults.push(`${message.type} ${name} is not of the view`);
		const before = held.get(name);
		const isFresh = message.type === "snapshot";
		if (!isFresh && before !== undefined && before.uid !== vm.uid && !unseen?.has(name)) {
			faults.push(`${message.type} ${name}: another uid without a DELETED`);
		}
		const known = versions.get(name);
		for (const kind of kinds) {
			const [was = 0n, is = 0n] = [known?.[kind], vm.versions[kind]];
			if (isFresh || is === 0n || is >= was || before?.uid !== vm.uid) continue;
			if (!truth.isStateSince(kind, vm, was)) {
				faults.push(`${message.type} ${name} goes back in kind ${kind}: ${was} to ${is}`);
			}
		}
		held.set(name, vm);
		versions.set(name, vm.versions);
		unseen?.delete(name);
	};
	/** After SYNCED nothing is older than the token that the stream came with, in any kind. */
	const checkSynced = () => {
		const asked = parsePlaces(resumedFrom);
		if (asked === undefined) return;
		for (const [name, vm] of held) {
			for (const kind of kinds) {
				const version = truth.changedAt(kind, name, asked.positions[kind] ?? 0n);
				if (!isSeen(kind, vm) || truth.isStateSince(kind, vm, version)) continue;
				faults.push(
					`${name} is older in kind ${kind} than the token ${resumedFrom}: ${vm.resourceVersion}`,
				);
			}
		}
	};
	const receive = (message: Message) => {
		const { type, vm } = message;
		if (type === "reset") startOver();
		if (type === "deleted" && vm !== undefined) {
			if (held.get(vm.name)?.uid === vm.uid) {
				held.delete(vm.name);
				versions.delete(vm.name);
				unseen?.delete(vm.name);
			}
		} else if (vm !== undefined) store(message, vm);
		if (type === "synced") {
			for (const name of unseen ?? []) held.delete(name);
			unseen = undefined;
			if (isResuming) checkSynced();
			isResuming = false;
		}
		token = message.token === "start-over" ? "" : message.token;
	};
	const cut = () => {
		stream?.close();
		stream = undefined;
	};
	return {
		filter,
		get isOpen() {
			return stream !== undefined;
		},
		held,
		faults,
		connect(replica) {
			cut();
			resumedFrom = token;
			isResuming = token !== "";
			if (!isResuming) startOver();
			stream = replica.watch({
				filter,
				resourceVersion: tamper.token?.(token, replica) ?? token,
				minResourceVersion: "",
				heartbeatIntervalMs: 1_000,
				caller: new AbortController(),
			});
		},
		cut,
		read(count) {
			for (let index = 0; index < count; index++) {
				const [message] = stream?.take(1) ?? [];
				if (message === undefined) return;
				const sent = tamper.message ? tamper.message(message, isResuming, resumedFrom) : message;
				if (sent !== undefined) receive(sent);
			}
		},
	};
}

/** What differs between two sets of VMs, in words. */
export function differences(has: Iterable<Vm>, wanted: Iterable<Vm>): string[] {
	const held = new Map([...has].map((vm) => [vm.name, seen(vm)]));
	const faults: string[] = [];
	for (const vm of wanted) {
		if (held.get(vm.name) !== seen(vm)) {
			faults.push(`${vm.name}: has ${held.get(vm.name) ?? "nothing"}, should have ${seen(vm)}`);
		}
		held.delete(vm.name);
	}
	for (const [name, text] of held) faults.push(`${name}: has ${text}, should have nothing`);
	return faults;
}
