// The server that the conformance runner starts, once per protocol, HTTP version and TLS or not:
// reads what it has to be from stdin, says on stdout where it listens, and serves until TERM.
// Both are Protobuf messages behind their length in four bytes, big-endian.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createServiceImplSpec } from "@connectrpc/connect";
import { systemClock } from "../../../server/src/clock.ts";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import { silentObserver } from "../../../server/src/port/observer.ts";
import { createPort } from "../../../server/src/port/port.ts";
import {
	ConformanceService,
	ServerCompatRequestSchema,
	ServerCompatResponseSchema,
} from "./protos.ts";
import { conformanceService } from "./service.ts";

const prefixBytes = 4;
const input = await buffer(process.stdin);
const request = fromBinary(ServerCompatRequestSchema, input.subarray(prefixBytes));

const folder = mkdtempSync(join(tmpdir(), "wukong-conformance-"));
const tls = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
if (request.serverCreds !== undefined) {
	writeFileSync(tls.certFile, request.serverCreds.cert);
	writeFileSync(tls.keyFile, request.serverCreds.key);
}

const port = createPort({
	host: "127.0.0.1",
	port: 0,
	services: [
		createServiceImplSpec<typeof ConformanceService>(ConformanceService, conformanceService),
	],
	interceptors: [],
	// Details are a matter of a service's contract; this one's has none, and the suite counts them.
	refusalDetails: () => [],
	limits: {
		...defaultLimits,
		maxRequestBytes: request.messageReceiveLimit,
		maxDecompressedBytes: request.messageReceiveLimit,
	},
	tls: request.useTls ? tls : undefined,
	allowedHosts: [],
	allowedOrigins: [],
	assets: [],
	clock: systemClock,
	observer: { ...silentObserver, unexpected: fail },
});
const { host, port: portNumber } = await port.listen();

/** A fault of the port's own ends the server, so that the run fails whatever the caller saw. */
function fail(error: unknown): void {
	process.nextTick(() => {
		throw error;
	});
}

const response = create(ServerCompatResponseSchema, {
	host,
	port: portNumber,
	...(request.serverCreds !== undefined && { pemCert: request.serverCreds.cert }),
});
const output = toBinary(ServerCompatResponseSchema, response);
const prefix = Buffer.alloc(prefixBytes);
prefix.writeUInt32BE(output.byteLength);
process.stdout.write(Buffer.concat([prefix, output]));

process.once("SIGTERM", () => {
	rmSync(folder, { recursive: true });
	process.exit();
});
