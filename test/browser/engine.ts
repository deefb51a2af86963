import type { LivePage } from "./live-page.ts";

/** A page of one browser, with all that scenarios want of it. */
export interface Tab {
	/** Calls a function of the page. */
	call<Name extends keyof LivePage>(
		name: Name,
		...args: Parameters<LivePage[Name]>
	): Promise<Awaited<ReturnType<LivePage[Name]>>>;
	/** Takes the machine's network away. Absent: the engine has no command for it. */
	setOffline?(isOffline: boolean): Promise<void>;
	/** The page runs no more, as one that was put to the background for long. */
	freeze(): Promise<void>;
	/** Its process is gone, without a word. */
	crash(): Promise<void>;
	close(): Promise<void>;
}

/** A browser with one profile: its tabs share locks and channels. */
export interface Driver extends AsyncDisposable {
	open(url: string): Promise<Tab>;
	/** Errors that the console has shown besides those that a page records of itself. */
	readonly complaints: readonly string[];
}

/** What the scenarios are run in. */
export interface Engine {
	readonly name: string;
	start(): Promise<Driver>;
}

/** Calls a function of `LivePage` by JSON, in a page of any engine. */
export const callInPage =
	"async (name, args) => JSON.stringify(await globalThis.livePage[name](...JSON.parse(args)))";
