import type { Tabs } from "./tabs.ts";

/** The right to hold the one stream that all tabs are fed from. */
export interface Leadership {
	/** This tab has it. */
	readonly isHeld: boolean;
	/** Asks for it: `onChange` is told when it comes, and when another tab takes it away. */
	seek(onChange: () => void): void;
	/** Takes it away from a tab that does not answer any more: frozen, or crashed half-way. */
	steal(): void;
	/** Gives it up, or the wish for it. */
	leave(): void;
}

export function createLeadership({ locks }: Tabs, name: string): Leadership {
	let isHeld = false;
	/** The request under way or granted; another one replaces it. */
	let seeker: AbortController | undefined;
	let release = () => {};
	let tell = () => {};

	const ask = (isSteal: boolean) => {
		const own = new AbortController();
		seeker = own;
		const hold = () => {
			if (seeker !== own) return undefined;
			isHeld = true;
			tell();
			return new Promise<void>((resolve) => {
				release = resolve;
			});
		};
		const options = isSteal ? { steal: true } : { signal: own.signal };
		const over = () => {
			if (seeker !== own) return;
			seeker = undefined;
			if (!isHeld) return;
			isHeld = false;
			tell();
		};
		// Rejected where the wish was given up, and where another tab has taken the lock away.
		locks.request(name, options, hold).then(over, over);
	};

	return {
		get isHeld() {
			return isHeld;
		},
		seek(onChange) {
			tell = onChange;
			if (seeker === undefined) ask(false);
		},
		steal() {
			seeker?.abort();
			ask(true);
		},
		leave() {
			const left = seeker;
			tell = () => {};
			seeker = undefined;
			isHeld = false;
			release();
			left?.abort();
		},
	};
}
