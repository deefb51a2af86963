/** First releases with the security fixes of 2026-07-29, by major version. */
const fixedReleases: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
	24: [18, 1],
	26: [5, 1],
};
const newestFixedMajor = 26;

/**
 * Checks the running Node. Older ones have known ways to end the process or to confuse HTTP/2
 * streams from outside (CVE-2026-48937, CVE-2026-56848, CVE-2026-58044).
 * @param version as `process.versions.node` says
 * @returns what is wrong, undefined where nothing is
 */
export function nodeVersionFault(version: string): string | undefined {
	const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number.parseFloat);
	if (major > newestFixedMajor) return undefined;
	const fixed = fixedReleases[major];
	if (fixed !== undefined && (minor > fixed[0] || (minor === fixed[0] && patch >= fixed[1]))) {
		return undefined;
	}
	return `Node ${version} lacks security fixes: use 24.18.1, 26.5.1 or newer (in a clone, \`npm start\` brings its own)`;
}
