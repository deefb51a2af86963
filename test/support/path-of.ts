/** Path of a procedure. */
export function pathOf(method: string): string {
	return `/novasphere.v1.WukongService/${method}`;
}
