/** Messages that are pushed by one side and read, one by one, by the other. */
export interface MessageQueue<T> {
	readonly messages: AsyncIterable<T>;
	push(message: T): void;
	/** What was pushed is still read; then it ends. */
	end(): void;
	/** What was pushed is still read; then it throws. */
	fail(error: unknown): void;
}

/** @param signal ends it at once, without an error */
export function createMessageQueue<T>(signal: AbortSignal): MessageQueue<T> {
	const waiting: T[] = [];
	let failure: { readonly error: unknown } | undefined;
	let isEnded = false;
	let wake = () => {};
	signal.addEventListener("abort", () => wake(), { once: true });

	async function* read(): AsyncGenerator<T, void, void> {
		while (!signal.aborted) {
			const [message] = waiting.splice(0, 1);
			if (message !== undefined) yield message;
			else if (failure !== undefined) throw failure.error;
			else if (isEnded) return;
			else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
	}
	const settle = (change: () => void) => {
		change();
		wake();
	};

	return {
		messages: read(),
		push: (message) => settle(() => waiting.push(message)),
		end: () => settle(() => (isEnded = true)),
		fail: (error) => settle(() => (failure ??= { error })),
	};
}
