/** The label that a change writes: new each time, and always of one length. */
export function changeLabels(change: number): { bench: string } {
	return { bench: `c${String(change).padStart(7, "0")}` };
}
