// Loaded into the measured service by `node --expose-gc --import`, so that it needs to know nothing
// of the benchmark: answers the questions of its parent.
import type { Question, Usage } from "./usage.ts";

/** Time between two looks while a peak is sought, in milliseconds. */
const sampleIntervalMs = 5;

let peak = { rssBytes: 0, heapBytes: 0 };
let sampling: NodeJS.Timeout | undefined;

function usage(): Usage {
	const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
	const { user, system } = process.cpuUsage();
	return { rssBytes: rss, heapBytes: heapUsed + arrayBuffers, cpuMs: (user + system) / 1_000 };
}

function sample(): void {
	const { rssBytes, heapBytes } = usage();
	peak = {
		rssBytes: Math.max(peak.rssBytes, rssBytes),
		heapBytes: Math.max(peak.heapBytes, heapBytes),
	};
}

function answer(question: Question): Usage {
	switch (question) {
		case "now":
			return usage();
		case "settled":
			globalThis.gc?.();
			return usage();
		case "seek peak":
			peak = { rssBytes: 0, heapBytes: 0 };
			sampling = setInterval(sample, sampleIntervalMs).unref();
			return usage();
		case "peak":
			clearInterval(sampling);
			sample();
			return { ...usage(), ...peak };
	}
}

process.on("message", (question: Question) => process.send?.(answer(question)));
process.channel?.unref();
