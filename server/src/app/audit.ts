import type { Writable } from "node:stream";
import { Code, type Interceptor } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { reasonName } from "../failure.ts";
import type { GuardedRequest } from "../port/assets.ts";
import type { Refusal } from "../rpc/refusals.ts";
import { type AuditTrail, createAuditInterceptor } from "../service/interceptors/audit.ts";
import { wukongRules } from "../service/wukong/wukong-rights.ts";
import {
	type AuditObserver,
	appendToFile,
	appendToStream,
	createAuditLog,
} from "../telemetry/audit-log.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createRefusalLines, isCheapRefusal } from "../telemetry/refusal-lines.ts";

/** The record of what callers do. */
export interface Audit {
	/** None where nothing is recorded. */
	readonly interceptors: readonly Interceptor[];
	/** Writes a line for a page that was refused for who asked. */
	pageRefused(request: GuardedRequest, refusal: Refusal): void;
	/** Tries whether lines can be written. @throws what the one who starts the service is told */
	start(): Promise<void>;
	/** Writes what is waiting. */
	close(): Promise<void>;
	/** Returns why lines may be missing, a line each. */
	troubles(): readonly string[];
}

/** Creates the audit log that the configuration names. */
export function createAudit(
	{ auditLog, auditRequired }: Pick<Config, "auditLog" | "auditRequired">,
	parts: {
		readonly clock: Clock;
		readonly logger: Logger;
		readonly counters: Pick<AuditObserver, "auditLost">;
		/** Standard output; undefined: there is none. */
		readonly output: Writable | undefined;
	},
): Audit {
	const { clock, logger, counters, output } = parts;
	if (auditLog === "") {
		return {
			...{ interceptors: [], pageRefused() {} },
			...{ start: async () => {}, close: async () => {}, troubles: () => [] },
		};
	}
	if (auditLog === "-" && output === undefined) throw new Error("there is no standard output");
	const isOutput = auditLog === "-" && output !== undefined;
	const log = createAuditLog({
		append: isOutput ? appendToStream(output) : appendToFile(auditLog),
		isRequired: auditRequired,
		clock,
		observer: {
			auditFailed: (err) => logger.error({ err }, "the audit log cannot be written"),
			auditRecovered: () => logger.info("the audit log is written again"),
			auditLost: counters.auditLost,
		},
	});
	const rules = new Map([[WukongService, wukongRules]]);
	const lines = createRefusalLines({
		clock,
		summarize(address, unwritten) {
			const time = new Date(clock.nowMs()).toISOString();
			log.write({ time, ...(address && { address }), outcome: "refused", unwritten });
		},
	});
	const trail: AuditTrail = {
		get isOpen() {
			return log.isOpen;
		},
		write(record) {
			const isBounded = isCheapRefusal(record.reason);
			if (!isBounded || lines.admit(record.address ?? "")) log.write(record);
		},
	};
	return {
		interceptors: [createAuditInterceptor({ trail, rules, clock })],
		pageRefused({ requestId, address, method, url }, { code, reason }) {
			if (code !== Code.Unauthenticated) return;
			trail.write({
				...{ time: new Date(clock.nowMs()).toISOString(), requestId, address },
				...{ method: `${method} ${new URL(url).pathname}`, outcome: "refused" },
				...{ code: Code[code], reason: reason === undefined ? "" : reasonName(reason) },
			});
		},
		async start() {
			try {
				await log.start();
			} catch (error) {
				const { code } = error as NodeJS.ErrnoException;
				throw new Error(`--audit-log ${auditLog} cannot be written: ${code}`, { cause: error });
			}
		},
		async close() {
			lines.close();
			await log.close();
		},
		troubles: () => [log.trouble() ?? []].flat(),
	};
}
