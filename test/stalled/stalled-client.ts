import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StalledOrder } from "./stalled-client-child.ts";

/** A process whose watches take nothing. */
export interface StalledClient extends Disposable {
	/** Resolves when all are open. */
	open(url: string, streamCount: number): Promise<void>;
	/** The process stays, so that only this can tell the server. */
	leave(way: "reset" | "FIN" | "RST"): Promise<void>;
}

/** Starts the process. */
export function startStalledClient(): StalledClient {
	const path = fileURLToPath(new URL("./stalled-client-child.ts", import.meta.url));
	const child = fork(path, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
	return {
		open: (url, streamCount) => obeyed(child, { do: "open", url, streamCount }),
		leave: (way) => obeyed(child, { do: "leave", way }),
		[Symbol.dispose]: () => void child.kill(),
	};
}

async function obeyed(child: ChildProcess, order: StalledOrder): Promise<void> {
	child.send(order);
	const [answer] = await Promise.race([once(child, "message"), once(child, "exit")]);
	if (answer !== "done") throw new Error(`the client has ended: ${answer}`);
}
