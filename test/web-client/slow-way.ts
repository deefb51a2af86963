import type { Transport } from "@connectrpc/connect";
import type { FakeClock } from "../../web-client/src/testing/index.ts";

/** How long each answer, and each message of a stream, is on its way, in milliseconds. */
export interface Delays {
	answerMs(): number;
	messageMs(): number;
}

/** A way on which answers and messages overtake each other, as those of two connections do. */
export function createSlowWay(inner: Transport, clock: FakeClock, delays: Delays): Transport {
	const wait = (ms: number) => new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
	return {
		async unary(...call) {
			const answer = await inner.unary(...call).then(
				(value) => () => value,
				(error) => () => {
					throw error;
				},
			);
			await wait(delays.answerMs());
			return answer();
		},
		async stream(...call) {
			const response = await inner.stream(...call);
			async function* late() {
				for await (const message of response.message) {
					await wait(delays.messageMs());
					yield message;
				}
			}
			return { ...response, message: late() };
		},
	};
}
