import { isReserved } from "../caller.ts";

/**
 * Finds what keeps a text from being the name of a caller or of a group; undefined: nothing. The words
 * end a sentence, and do not repeat the text.
 */
export function nameProblem(name: string): string | undefined {
	if (name === "") return "is empty";
	if (name.length > maxNameLength) return `has more than ${maxNameLength} characters`;
	if (!/^[A-Za-z0-9._:/@+=-]+$/.test(name)) return "may have letters, digits and ._:/@+=- only";
	return isReserved(name) ? reservedWords : undefined;
}

/** As many as Kubernetes' names have. */
export const maxNameLength = 253;

const reservedWords = "begins with system:, which only Kubernetes itself may say";
