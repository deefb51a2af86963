import { systemClock } from "../../server/src/clock.ts";
import type { Exchange } from "../../server/src/http/exchange.ts";
import { defaultLimits } from "../../server/src/http/limits.ts";
import { createListener } from "../../server/src/http/listener.ts";
import type { TlsFileNames } from "../../server/src/http/tls-files.ts";
import type { TextResponse } from "../../server/src/port/assets.ts";
import { silentObserver } from "../../server/src/port/observer.ts";
import type { AnsweringServer } from "./bare-http2.ts";

/**
 * All of the port that speaks HTTP/2: the listener, the split by first bytes or ALPN, the engine and
 * its exchanges. Above them nothing knows the version of HTTP. It answers every request alike, as
 * the bare one does; the whole port refuses a POST at once.
 *
 * @param onUnexpected told of a fault of ours
 */
export async function startOurHttp2(
	answer: () => Promise<TextResponse>,
	tls: TlsFileNames | undefined,
	onUnexpected: (error: unknown) => void,
): Promise<AnsweringServer> {
	async function serve(exchange: Exchange): Promise<void> {
		const { status, contentType, body } = await answer();
		exchange.writeHead({ status, headers: ["content-type", contentType] });
		exchange.end({ body: Buffer.from(body) });
	}
	const listener = createListener((exchange) => void serve(exchange).catch(onUnexpected), {
		host: "127.0.0.1",
		port: 0,
		tls,
		limits: defaultLimits,
		clock: systemClock,
		observer: { ...silentObserver, unexpected: onUnexpected },
	});
	const { port } = await listener.listen();
	return { portNumber: port, close: () => listener.close(0) };
}
