import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../support/certificate.ts";
import { startBareHttp2 } from "./bare-http2.ts";
import { type H2specRun, runH2spec } from "./h2spec-run.ts";
import { startOurHttp2 } from "./our-http2.ts";
import { thoseThatFailAgain } from "./repeated-run.ts";

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
 * The answer comes long after all that a case sends in one go: once a stream is closed, nghttp2
 * passes over frames that it refuses on one that is half closed. Turns of the loop are waited for and
 * not time alone, so that what came while the loop was held up is read before the answer goes out.
 */
async function answer() {
	for (let turn = 0; turn < 20; turn++) await pause(15);
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
	test("fails no case of h2spec but those that Node's own HTTP/2 fails", async ({ annotate }) => {
		const tls = isSecure ? files : undefined;
		const unexpected: unknown[] = [];
		const our = await startOurHttp2(answer, tls, (error) => unexpected.push(error));
		const bare = await startBareHttp2(answer, tls);
		await using stack = new AsyncDisposableStack();
		stack.defer(our.close);
		stack.defer(bare.close);
		const [ours, bares] = await Promise.all([
			runH2spec(our.portNumber, isSecure),
			runH2spec(bare.portNumber, isSecure),
		]);
		const allowed = [...failsOnBareNode, ...exceptions];
		const unusual = ({ failed }: H2specRun) => failed.filter((name) => !allowed.includes(name));
		const failed = await thoseThatFailAgain(unusual(ours), async () =>
			unusual(await runH2spec(our.portNumber, isSecure)),
		);
		await annotate(`${ours.cases.length} cases, ${ours.failed.length} failed at first`);
		expect(failed).toEqual([]);
		expect(failsOnBareNode.filter((name) => !bares.failed.includes(name))).toEqual([]);
		expect(ours.cases.length).toBeGreaterThanOrEqual(leastCases);
		expect(unexpected).toEqual([]);
	});
});
