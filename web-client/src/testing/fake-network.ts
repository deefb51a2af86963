import { Code, ConnectError, type Transport } from "@connectrpc/connect";

/** The way to a service, which a test can break. */
export interface FakeNetwork {
	readonly transport: Transport;
	readonly openStreams: number;
	readonly calls: number;
	/** Breaks every open stream. */
	cut(): void;
	/** Open streams say nothing more. */
	blackhole(): void;
	/** The next call fails so. */
	fail(error: ConnectError): void;
	/** Every call fails so, until undefined is given. */
	refuse(error: (() => ConnectError) | undefined): void;
}

interface OpenStream {
	readonly cut: () => void;
	readonly swallow: () => void;
}

export function createFakeNetwork(inner: Transport): FakeNetwork {
	const streams = new Set<OpenStream>();
	const failures: ConnectError[] = [];
	let refusal: (() => ConnectError) | undefined;
	let calls = 0;
	const admit = () => {
		calls++;
		const error = refusal?.() ?? failures.shift();
		if (error !== undefined) throw error;
	};

	return {
		get openStreams() {
			return streams.size;
		},
		get calls() {
			return calls;
		},
		cut() {
			for (const stream of [...streams]) stream.cut();
		},
		blackhole() {
			for (const stream of streams) stream.swallow();
		},
		fail: (error) => void failures.push(error),
		refuse(error) {
			refusal = error;
		},
		transport: {
			async unary(...call) {
				admit();
				return inner.unary(...call);
			},
			async stream(method, signal, timeoutMs, header, input, values) {
				admit();
				// What the service sees of the caller: also a connection that broke.
				const far = new AbortController();
				let end: (error: ConnectError) => void = () => {};
				let isSwallowed = false;
				const broken = new Promise<never>((_, reject) => {
					end = reject;
				});
				broken.catch(() => {});
				const close = (error: ConnectError) => {
					streams.delete(stream);
					signal?.removeEventListener("abort", leave);
					end(error);
					far.abort();
				};
				const leave = () => close(new ConnectError("the caller has left", Code.Canceled));
				const stream: OpenStream = {
					cut: () => close(new ConnectError("the connection broke", Code.Aborted)),
					swallow() {
						isSwallowed = true;
					},
				};
				streams.add(stream);
				signal?.addEventListener("abort", leave);
				if (signal?.aborted === true) leave();
				const opened = inner.stream(method, far.signal, timeoutMs, header, input, values);
				opened.catch(() => {});
				const response = await Promise.race([opened, broken]).catch((error) => {
					streams.delete(stream);
					throw error;
				});
				const messages = response.message[Symbol.asyncIterator]();
				return {
					...response,
					message: {
						[Symbol.asyncIterator]: () => ({
							async next() {
								const message = messages.next();
								message.catch(() => {});
								try {
									const result = await Promise.race([message, broken]);
									return isSwallowed ? await broken : result;
								} catch (error) {
									streams.delete(stream);
									throw error;
								}
							},
						}),
					},
				};
			},
		},
	};
}
