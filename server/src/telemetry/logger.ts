import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Creates a logger that writes nothing. */
export function createSilentLogger(): Logger {
	return pino({ enabled: false });
}

/**
 * The service's log: one JSON object a line.
 * @param level pino's level names, and `silent`
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
	return pino(
		{
			level,
			base: null,
			timestamp: pino.stdTimeFunctions.isoTime,
			formatters: { level: (label) => ({ level: label }) },
			serializers: { err: describeError },
		},
		destination,
	);
}

/** Causes that are followed; more would not help. */
const maxCauses = 4;

/**
 * Type, message and stack of an error and its causes. Its other properties stay out: nobody knows
 * what of a caller's data they hold.
 */
function describeError(error: unknown): unknown {
	const described = [];
	for (let at = error; at instanceof Error && described.length < maxCauses; at = at.cause) {
		described.push({ type: at.name, message: at.message, stack: at.stack });
	}
	return described.length > 0 ? described : String(error);
}
