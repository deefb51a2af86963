/** The longest path in a violation, in characters; a path may echo a map key of the request. */
export const maxFieldPathLength = 256;

/** The path of a violation from the request's root, cut to what the contract allows. */
export function fieldPath(path: string): string {
	return path.slice(0, maxFieldPathLength);
}

/** The path of one map key, as in `wukong.labels["app"]`, cut as `fieldPath` does. */
export function mapKeyPath(mapPath: string, key: string): string {
	return fieldPath(`${mapPath}[${JSON.stringify(key.slice(0, maxFieldPathLength))}]`);
}
