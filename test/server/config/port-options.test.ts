import { expect, test } from "vitest";
import { parseConfig } from "../../../server/src/config/config.ts";
import { limitsFrom } from "../../../server/src/config/port-options.ts";
import { defaultLimits, validateLimits } from "../../../server/src/http/limits.ts";

function limitsOf(...argv: string[]) {
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	return limitsFrom(result.config);
}

test("the options' defaults are the port's defaults", () => {
	expect(limitsOf()).toEqual(defaultLimits);
});

test("a limit that is configured reaches the port", () => {
	const limits = limitsOf("--max-request-bytes=4096", "--idle-timeout-ms=5");
	validateLimits(limits);
	expect(limits).toEqual({ ...defaultLimits, maxRequestBytes: 4_096, idleTimeoutMs: 5 });
});

// What is left as it is shipped has no measure that anyone could know better.
test("every limit that bounds a caller is an option", () => {
	const fixed = [
		"maxSessionMemoryMib",
		"streamHeadDelayMs",
		"streamSliceBytes",
		"streamSliceMs",
		"tlsPollIntervalMs",
	];
	const names = Object.keys(defaultLimits).filter((name) => !fixed.includes(name));
	for (const name of names) {
		const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
		expect(limitsOf(`--${flag}=1024`), flag).toEqual({ ...defaultLimits, [name]: 1_024 });
	}
});
