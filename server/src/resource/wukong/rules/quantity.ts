const suffixes: { readonly [suffix: string]: bigint } = {
	"": 1n,
	// Kubernetes has no K, but Wukongs that were stored with it are served on.
	K: 10n ** 3n,
	M: 10n ** 6n,
	G: 10n ** 9n,
	T: 10n ** 12n,
	P: 10n ** 15n,
	E: 10n ** 18n,
	Ki: 2n ** 10n,
	Mi: 2n ** 20n,
	Gi: 2n ** 30n,
	Ti: 2n ** 40n,
	Pi: 2n ** 50n,
	Ei: 2n ** 60n,
};

/** The largest quantity that Kubernetes can hold, in bytes. */
export const maxQuantityBytes = 2n ** 63n - 1n;

/**
 * The bytes that a quantity such as `8Gi` or `1.5G` stands for, rounded up to a
 * whole byte as Kubernetes does.
 * @returns undefined where the text is not a quantity of the contract.
 */
export function quantityBytes(text: string): bigint | undefined {
	const match = /^([0-9]+)(?:\.([0-9]+))?([KMGTPE]i?)?$/.exec(text);
	const [whole, fraction = "", suffix = ""] = match?.slice(1) ?? [];
	const factor = suffixes[suffix];
	if (whole === undefined || factor === undefined) return undefined;
	const scale = 10n ** BigInt(fraction.length);
	return (BigInt(whole + fraction) * factor + scale - 1n) / scale;
}
