import type { Faults } from "../faults.ts";
import type { Group } from "../group.ts";
import type { Outcome } from "../measure.ts";
import type { FindPayload, StoredPayload } from "../payload/payload-store.ts";
import type { ServerName } from "../servers/roster.ts";
import type { ServerProcess } from "../servers/server-process.ts";
import type { ServerSpec } from "../servers/server-spec.ts";

/** Work that can be put on one server again and again. */
export interface Load {
	/** Works for about this long; what is under way then is finished and counted. */
	run(windowMs: number): Promise<Outcome>;
	/** Readies the server for as long, and longer where there is more to ready. Default: `run`. */
	warmUp?(windowMs: number): Promise<unknown>;
	/** Frees everything, the server's process included. */
	close(): Promise<void>;
}

/** What all cases of a run share. */
export interface Setting {
	readonly faults: Faults;
	/** What servers with so many VMs are expected to answer. */
	readonly payload: FindPayload;
	start(spec: ServerSpec, payload: StoredPayload): Promise<ServerProcess>;
}

/** One row group of the scoreboard. To grow it, write another and name it in `catalogue.ts`. */
export interface BenchCase {
	/** For `--only`. */
	readonly id: string;
	readonly title: string;
	readonly group: Group;
	/** Who takes part; those that cannot be started here are left out. */
	readonly servers: readonly ServerName[];
	/** Every window starts the server anew: there is nothing to warm up. Default: false. */
	readonly startsAnew?: boolean;
	/** Starts the server and makes its load; the first answer is checked through and through. */
	prepare(spec: ServerSpec, setting: Setting): Promise<Load>;
}

/** What every case is told. */
export type CaseName = Pick<BenchCase, "id" | "title" | "group" | "servers">;
