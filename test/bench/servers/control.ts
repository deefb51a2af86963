import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import {
	type CpuAnswer,
	controlDescriptor,
	type MemoryAnswer,
	type Order,
	type TurnAnswer,
} from "./order.ts";

/** The benchmark's end of the pipe to a server. */
export interface Control {
	/** What a dead process was told shows as changes that never arrive. */
	tell(order: Order): void;
	/** @throws Error where the process has ended */
	ask(question: { readonly kind: "cpu" }): Promise<CpuAnswer>;
	ask(question: { readonly kind: "memory" }): Promise<MemoryAnswer>;
	ask(question: { readonly kind: "turn" }): Promise<TurnAnswer>;
}

/**
 * @param child started with a pipe at `controlDescriptor`
 * @param describeEnd why it is no longer there
 */
export function createControl(child: ChildProcess, describeEnd: () => string): Control {
	const channel = child.stdio[controlDescriptor] as Duplex;
	const waiting: { resolve(answer: AnyAnswer): void; reject(error: Error): void }[] = [];
	let ended = false;

	const tell = (order: Order) => {
		channel.write(`${JSON.stringify(order)}\n`);
	};
	channel.on("error", () => {});
	channel.on("close", () => {
		ended = true;
		for (const { reject } of waiting.splice(0)) reject(new Error(describeEnd()));
	});
	createInterface({ input: channel })
		.on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)))
		// The channel's, which it hands on.
		.on("error", () => {});
	return {
		tell,
		ask: (question) =>
			new Promise<AnyAnswer>((resolve, reject) => {
				if (ended) return reject(new Error(describeEnd()));
				waiting.push({ resolve, reject });
				tell(question);
			}),
	};
}

type AnyAnswer = CpuAnswer & MemoryAnswer & TurnAnswer;
