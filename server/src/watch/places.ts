import { formatVersion, parseVersion, withoutHash } from "../resource/version.ts";

/**
 * A place in the history of each kind at one moment, by `KindIndex`. Everything up to the position was
 * sent, but for what is withheld; a replay begins after the base, which is the position where nothing
 * is. Immutable, and shared by all who stand there; its text is made once.
 */
export class Places {
	readonly positions: readonly bigint[];
	/** Not above the positions; the same array where nothing is withheld. */
	readonly bases: readonly bigint[];
	#text: string | undefined;
	#positionsText: string | undefined;

	/**
	 * @param isBaseSaid the token is the one base alone: the only kind is in the middle of changes of one
	 * version. Default: false
	 */
	constructor(
		positions: readonly bigint[],
		bases: readonly bigint[] = positions,
		isBaseSaid: boolean = false,
	) {
		this.positions = positions;
		this.bases = bases;
		if (isBaseSaid) this.#text = formatVersion(bases[0] ?? 0n);
	}

	/** The resume token: `p` or `p.b` for each kind, joined by `~`. */
	get text(): string {
		this.#text ??= this.positions
			.map((position, kind) => {
				const base = this.bases[kind] ?? position;
				return base === position ? formatVersion(position) : `${position}.${base}`;
			})
			.join("~");
		return this.#text;
	}

	/** The positions alone: the version of a snapshot, which holds what is withheld, too. */
	get positionsText(): string {
		if (this.bases === this.positions) return this.text;
		this.#positionsText ??= this.positions.join("~");
		return this.#positionsText;
	}

	/** Returns the first kind whose position here is beyond that of `heads`; undefined: none is. */
	kindAhead(heads: Places): number | undefined {
		const kind = this.positions.findIndex((position, at) => position > (heads.positions[at] ?? 0n));
		return kind < 0 ? undefined : kind;
	}
}

/**
 * Reads the places of a token, or of a VM's own version, whose hash says nothing about where to resume.
 * @returns undefined where the text is none, or has another suffix
 */
export function parsePlaces(text: string): Places | undefined {
	const version = parseVersion(withoutHash(text));
	if (version === undefined || version.suffix !== "") return undefined;
	const positions = version.places.map(({ position }) => position);
	if (version.places.every(({ replayAfter }) => replayAfter === undefined)) {
		return new Places(positions);
	}
	const bases = version.places.map(({ position, replayAfter = position }) => replayAfter);
	if (bases.some((base, kind) => base > (positions[kind] ?? 0n))) return undefined;
	return new Places(positions, bases);
}
