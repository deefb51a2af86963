import { describe, expect, test } from "vitest";
import { UpstreamError } from "../../../server/src/store/kubernetes/upstream-error.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { createUpstreamLog } from "../../../server/src/telemetry/observers.ts";

function recorded(level: string) {
	const lines: Record<string, unknown>[] = [];
	const log = createUpstreamLog(
		createLogger(level, { write: (line) => void lines.push(JSON.parse(line)) }),
	);
	const refused = new Error("connect ECONNREFUSED 127.0.0.1:6443");
	const down = new UpstreamError({ kind: "unreachable" }, refused.message, refused);
	const told = () => lines.map(({ level, msg }) => `${level}: ${msg}`);
	return { log, lines, down, told };
}

describe("a cluster that cannot be reached", () => {
	test("is one line with its reason and without a stack, however often it is tried", () => {
		const { log, lines, down } = recorded("info");
		for (let tries = 0; tries < 7; tries++) log.troubled("unreachable", down, "wukongs");
		expect(lines).toEqual([
			{
				level: "warn",
				time: expect.any(String),
				trouble: "unreachable",
				kind: "wukongs",
				cause: "connect ECONNREFUSED 127.0.0.1:6443",
				msg: "the cluster cannot be reached",
			},
		]);
	});

	test("is told again when the trouble is another one, and when it is over, and after that", () => {
		const { log, down, told } = recorded("info");
		log.recovered("wukongs");
		log.troubled("unreachable", down, "wukongs");
		log.troubled("unauthorized", new Error("HTTP 401"), "wukongs");
		log.troubled("unauthorized", new Error("HTTP 401"), "wukongs");
		log.recovered("wukongs");
		log.recovered("wukongs");
		log.troubled("unauthorized", new Error("HTTP 401"), "wukongs");
		expect(told()).toEqual([
			"warn: the cluster cannot be reached",
			"warn: the cluster does not accept our credentials",
			"info: the cluster answers again",
			"warn: the cluster does not accept our credentials",
		]);
	});

	test("of one kind is over when that one is well, whatever the others say", () => {
		const { log, lines, down } = recorded("info");
		const gone = new Error("HTTP 404");
		for (let tries = 0; tries < 3; tries++) {
			log.troubled("unreachable", down, "wukongs");
			log.troubled("not-installed", gone, "virtualmachines");
			log.recovered("virtualmachineinstances");
		}
		log.recovered("virtualmachines");
		log.recovered("wukongs");
		expect(lines.map(({ level, kind, trouble }) => [level, kind, trouble])).toEqual([
			["warn", "wukongs", "unreachable"],
			["warn", "virtualmachines", "not-installed"],
			["info", "virtualmachines", undefined],
			["info", "wukongs", undefined],
		]);
	});

	test("has every try with its stack at debug level", () => {
		const { log, lines, down } = recorded("debug");
		for (let tries = 0; tries < 3; tries++) log.troubled("unreachable", down, "wukongs");
		const stacks = lines.filter(({ level, err }) => level === "debug" && Array.isArray(err));
		expect(stacks).toHaveLength(3);
	});

	test("has a reason of one line, with the causes that add to it", () => {
		const { log, lines } = recorded("info");
		const cause = new Error("getaddrinfo\n  ENOTFOUND api");
		log.troubled("failing", new Error("there are no credentials", { cause }), "wukongs");
		expect(lines[0]?.cause).toBe("there are no credentials: getaddrinfo ENOTFOUND api");
	});
});
