import { maxTimerDelayMs } from "../clock.ts";
import { type Parse, parseSwitch, parseText, parseWords, wholeNumber } from "./parsers.ts";

/** One line of the options table. */
export interface Option<T> {
	/** Name of the flag without dashes. The environment name follows from it. */
	readonly flag: string;
	/** Placeholder of the value in the help; undefined for a switch, which takes no value. */
	readonly placeholder: string | undefined;
	readonly defaultValue: T;
	/** Unit, as in "ms"; empty where the value has none. */
	readonly unit: string;
	/** For people: what it is, and what special values mean. */
	readonly description: string;
	readonly parse: Parse<T>;
}

/** The environment name of an option: `--shutdown-grace-ms` is WUKONG_SHUTDOWN_GRACE_MS. */
export function environmentName({ flag }: { readonly flag: string }): string {
	return `${environmentPrefix}${flag.replaceAll("-", "_").toUpperCase()}`;
}

/** Prefix of all environment names. */
export const environmentPrefix = "WUKONG_";

const kibibyte = 1_024;
const gibibyte = 1_024 * 1_024 * kibibyte;

/** Describes an option of any text but the empty one. */
export function text(flag: string, placeholder: string, defaultValue: string, description: string) {
	return { flag, placeholder, defaultValue, unit: "", description, parse: parseText };
}

/** Describes an option of words separated by commas. */
export function words(flag: string, placeholder: string, description: string) {
	const defaultValue: readonly string[] = [];
	const more = `${description} Separated by commas.`;
	return { flag, placeholder, defaultValue, unit: "", description: more, parse: parseWords };
}

/** Describes a switch that is off by default. */
export function toggle(flag: string, description: string): Option<boolean> {
	const none = { placeholder: undefined, defaultValue: false, unit: "" };
	return { flag, ...none, description, parse: parseSwitch };
}

/** Describes an option of a whole number within limits, both included. */
export function count(
	flag: string,
	defaultValue: number,
	[min, max]: readonly [number, number],
	description: string,
) {
	const parse: Parse<number> = wholeNumber(min, max);
	return { flag, placeholder: "number", defaultValue, unit: "", description, parse };
}

/** Describes an option of milliseconds, from 1 to the longest that a timer takes. */
export function time(flag: string, defaultValue: number, description: string) {
	const parse = wholeNumber(1, maxTimerDelayMs);
	return { flag, placeholder: "number", defaultValue, unit: "ms", description, parse };
}

/** Describes an option of bytes, from 1 KiB to 1 GiB. */
export function size(flag: string, defaultValue: number, description: string) {
	const parse = wholeNumber(kibibyte, gibibyte);
	return { flag, placeholder: "number", defaultValue, unit: "bytes", description, parse };
}
