import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../support/certificate.ts";
import { openPort } from "../support/port-fixture.ts";
import { startBareHttp2 } from "./bare-http2.ts";
import { runH2spec } from "./h2spec-run.ts";

/** What nghttp2, which Node's HTTP/2 is, does otherwise than h2spec asks: no server on it can mend these. */
const failsOnBareNode = [
	"http2/5.1: closed: Sends a DATA frame after sending RST_STREAM frame",
	"http2/5.1: closed: Sends a HEADERS frame after sending RST_STREAM frame",
	"http2/5.1: closed: Sends a DATA frame",
	"http2/5.1: closed: Sends a HEADERS frame",
	"http2/5.1.1: Sends stream identifier that is numerically smaller than previous",
	"http2/5.3.1: Sends PRIORITY frame that depend on itself",
	"http2/6.3: Sends a PRIORITY frame with 0x0 stream identifier",
	"http2/6.7: Sends a PING frame with ACK",
	"http2/6.9.1: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream",
];

/** In clear text the first bytes tell the version, and these are a bad request of HTTP/1.1: 400, then the end. */
const isNotHttp2 = ["http2/3.5: Sends invalid connection preface"];

/** Fewer would mean that h2spec left some out. */
const leastCases = 145;

/** Some bytes, because flow control needs an answer to hold back. */
const body = "an answer";

/**
 * The answer comes late enough for all that a case sends in one go: once a stream is closed, nghttp2
 * passes over frames that it refuses on one that is half closed. The port's own answers to POST come
 * at once, though, so that a machine busy enough to hold h2spec up between two frames is given a
 * second try.
 */
async function answer() {
	await pause(50);
	return { status: 200, contentType: "text/plain", body };
}

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

describe.each([
	["TLS", true, []],
	["clear text", false, isNotHttp2],
])("HTTP/2 over %s", (_name, isSecure, exceptions) => {
	test("fails no case of h2spec but those that Node's own HTTP/2 fails", { retry: 1 }, async ({
		annotate,
	}) => {
		const tls = isSecure ? files : undefined;
		const { portNumber } = await openPort({ pages: [{ path: "/", answer }], tls });
		const bare = await startBareHttp2(answer, tls);
		const [ours, bares] = await Promise.all([
			runH2spec(portNumber, isSecure),
			runH2spec(bare.portNumber, isSecure),
		]).finally(() => bare.close());
		await annotate(`${ours.cases.length} cases, ${ours.failed.length} failed`);
		const allowed = [...failsOnBareNode, ...exceptions];
		expect(ours.failed.filter((name) => !allowed.includes(name))).toEqual([]);
		expect(failsOnBareNode.filter((name) => !bares.failed.includes(name))).toEqual([]);
		expect(ours.cases.length).toBeGreaterThanOrEqual(leastCases);
	});
});
