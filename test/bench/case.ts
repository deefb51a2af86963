import type { Faults } from "./faults.ts";
import type { Payload } from "./payload.ts";
import type { ServerProcess } from "./server-process.ts";
import type { ServerSpec } from "./server-spec.ts";

/** What one window of work came to. */
export interface Outcome {
	/** Right answers, deliveries or starts. */
	readonly units: number;
	readonly wallMs: number;
	/** CPU time of the server's process, all its threads. */
	readonly cpuMs: number;
}

/** Work that can be put on one server again and again. */
export interface Load {
	/** Works for about this long; what is under way then is finished and counted. */
	run(windowMs: number): Promise<Outcome>;
	/** Frees everything, the server's process included. */
	close(): Promise<void>;
}

/** What all cases of a run share. */
export interface Setting {
	/** What the servers are expected to answer. */
	readonly payload: Payload;
	readonly faults: Faults;
	start(spec: ServerSpec): Promise<ServerProcess>;
}

/** What a case counts. */
export type Unit = "answers" | "deliveries" | "starts";

/** One row group of the scoreboard. To grow it, write another and name it in `catalogue.ts`. */
export interface BenchCase {
	/** For `--only`. */
	readonly id: string;
	readonly title: string;
	readonly unit: Unit;
	/** Starts the server and makes its load; the first answer is checked through and through. */
	prepare(spec: ServerSpec, setting: Setting): Promise<Load>;
}
