/**
 * Returns the names of those cases that fail in each of three runs. The runners judge some cases by the
 * clock: another program that has the machine for a moment fails one of these once, a fault of ours
 * fails it each time. Nothing is run again where nothing has failed.
 *
 * @param failed names of those that have failed in a first run
 * @param runAgain gives the names of those that fail in another run, in which all that are left take part
 */
export async function thoseThatFailAgain(
	failed: readonly string[],
	runAgain: (left: readonly string[]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
	let left = failed;
	for (let run = 2; run <= 3 && left.length > 0; run++) {
		const again = new Set(await runAgain(left));
		left = left.filter((name) => again.has(name));
	}
	return left;
}
