/** A fenced block of a Markdown page. */
export interface FencedBlock {
	/** What follows the opening fence, as in `ts browser`. */
	readonly kind: string;
	readonly code: string;
}

/** Reads the fenced blocks of a page, in order. */
export function fencedBlocks(page: string): FencedBlock[] {
	return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, kind = "", code = ""]) => ({
		kind,
		code,
	}));
}
