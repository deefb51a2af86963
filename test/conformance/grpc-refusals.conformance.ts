import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { openPort, pathOf } from "../support/port-fixture.ts";
import { conformanceTools, grpcioPython } from "./programs.ts";

/** A call that is refused before its implementation is begun. */
interface Refused {
	readonly what: string;
	readonly path?: string;
	readonly authority?: string;
	readonly fields?: Readonly<Record<string, string>>;
	/** Bytes of the request message. */
	readonly size?: number;
	readonly code: Code;
	readonly reason: string;
	readonly message: RegExp;
}

/** What a client says that it read. */
interface Read {
	readonly code: number;
	readonly message: string;
	readonly reason: string;
}

const many = Object.fromEntries(Array.from({ length: 22 }, (_, n) => [`x-field-${n}`, "x"]));
const unimplemented = { code: Code.Unimplemented, reason: "METHOD_NOT_FOUND" };
const forbidden = { code: Code.PermissionDenied, reason: "PERMISSION_DENIED" };
const tooLarge = { code: Code.ResourceExhausted, reason: "REQUEST_TOO_LARGE" };

const rows: readonly Refused[] = [
	{
		what: "an unknown method",
		path: "/novasphere.v1.WukongService/RebootWukong",
		...unimplemented,
		message: /POST to one of: /,
	},
	{
		what: "an unknown service",
		path: "/grpc.health.v1.Health/Check",
		...unimplemented,
		message: /no such procedure/,
	},
	{
		what: "a host that is not served",
		authority: "elsewhere.example",
		...forbidden,
		message: /--allowed-hosts/,
	},
	{
		what: "an origin that is not listed",
		fields: { origin: "https://elsewhere.example" },
		...forbidden,
		message: /--cors-origins/,
	},
	{ what: "too many header fields", fields: many, ...tooLarge, message: /at most 20 fields/ },
	{ what: "a message over the limit", size: 4_096, ...tooLarge, message: /at most 1024 bytes/ },
];

const caller = join(root, "test/conformance/grpc-caller/main.py");
const clients: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
	"grpc-go": [join(conformanceTools.binFolder, "grpc-caller")],
	grpcio: [grpcioPython.program, caller],
};

/** Runs a program to its end; where it cannot be started, that is the failure. */
async function run([program, ...args]: readonly string[], input: string) {
	const child = spawn(program as string, args, { stdio: ["pipe", "pipe", "pipe"] });
	child.stdin.end(input);
	const parts = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
	return { output: parts[0], errors: parts[1] };
}

const settings = { limits: { maxHeaderCount: 20, maxRequestBytes: 1_024 } };

describe("foreign gRPC clients read code, words and reason of every refusal (PROTOCOL-HTTP2.md, Trailers-Only)", () => {
	test.each(Object.entries(clients))("%s", async (_name, command) => {
		const { authority: address } = await openPort(settings);
		const calls = rows.map(
			({ path = pathOf("GetWukong"), authority = "", fields = {}, size = 0 }) =>
				JSON.stringify({ address, path, authority, fields, size }),
		);
		const { output, errors } = await run(command, `${calls.join("\n")}\n`);
		const reads = output.trim().split("\n").filter(Boolean);
		expect(reads.length, errors).toBe(rows.length);
		for (const [index, { what, code, reason, message }] of rows.entries()) {
			const read: Read = JSON.parse(reads[index] as string);
			expect(read, what).toEqual({ code, reason, message: expect.stringMatching(message) });
		}
	});

	test("grpcurl", async () => {
		const { authority: address } = await openPort(settings);
		const grpcurl = join(conformanceTools.binFolder, "grpcurl");
		const contract = join(root, "proto/landed.binpb");
		const method = "novasphere.v1.WukongService/GetWukong";
		for (const { what, authority, fields = {}, code, message } of rows.slice(2, 5)) {
			const headers = Object.entries(fields).flatMap(([name, value]) => [
				"-H",
				`${name}: ${value}`,
			]);
			const host = authority === undefined ? [] : ["-authority", authority];
			const args = ["-plaintext", "-protoset", contract, ...host, ...headers];
			const { errors } = await run([grpcurl, ...args, "-d", "{}", address, method], "");
			expect(errors, what).toContain(`Code: ${Code[code]}`);
			expect(errors, what).toMatch(message);
		}
		const { errors } = await run([grpcurl, "-plaintext", address, "list"], "");
		expect(errors).toContain("does not support the reflection API");
	});
});
