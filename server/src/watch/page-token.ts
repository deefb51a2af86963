import { createHash } from "node:crypto";
import { ErrorReason, Failure } from "../failure.ts";
import type { ObjectRef } from "../resource/object.ts";
import { parseVersion, setSuffixIn } from "../resource/version.ts";
import { type Places, parsePlaces } from "./places.ts";

/** The position at which the next page begins. */
export interface PageStart {
	/** Where the snapshot is; nothing is withheld from one. */
	readonly places: Places;
	/** The last object of the page before. */
	readonly after: ObjectRef;
}

/** The query that a token belongs to. */
export interface PageQuery {
	/** Equal for equal queries (`queryText`). */
	readonly text: string;
	/** The end of versions that are given for it (`suffixOf`). */
	readonly suffix: string;
}

const checksumLength = 16;

/**
 * Makes a page token. It holds all that any replica needs, and a checksum over
 * its content and the query's text: it is not secret, a page holds nothing that
 * the same caller could not list.
 */
export function formatPageToken(start: PageStart, query: PageQuery): string {
	const place = Buffer.from(`${start.after.namespace}/${start.after.name}`).toString("base64url");
	const content = `${start.places.positionsText}${query.suffix}.${place}`;
	return `${content}.${checksum(content, query.text)}`;
}

/**
 * Reads a page token that was made for the same query.
 * @param kinds number of kinds that are watched here
 * @throws PAGE_TOKEN_INVALID, PAGE_TOKEN_EXPIRED
 */
export function parsePageToken(token: string, query: PageQuery, kinds: number): PageStart {
	// A version may hold dots; the parts behind it do not.
	const sumAt = token.lastIndexOf(".");
	const placeAt = token.lastIndexOf(".", sumAt - 1);
	if (placeAt <= 0 || token.slice(sumAt + 1) !== checksum(token.slice(0, sumAt), query.text)) {
		throw pageTokenInvalid();
	}
	const versionText = token.slice(0, placeAt);
	if (parseVersion(versionText) === undefined) throw pageTokenInvalid();
	// The pages before it are of other namespaces than the caller may read now.
	if (setSuffixIn(versionText) !== query.suffix) throw pageTokenExpired();
	const placesText = versionText.slice(0, versionText.length - query.suffix.length);
	const places = parsePlaces(placesText);
	// It is of a replica that watches other kinds or namespaces: its snapshot is not to be had here.
	if (places?.positionsText !== placesText || places.positions.length !== kinds) {
		throw pageTokenExpired();
	}
	const place = token.slice(placeAt + 1, sumAt);
	const [namespace = "", name = ""] = Buffer.from(place, "base64url").toString().split("/");
	return { places, after: { namespace, name } };
}

function pageTokenInvalid(): Failure {
	return new Failure(
		ErrorReason.PAGE_TOKEN_INVALID,
		"the page_token is not one of this service, or belongs to another query",
		{ violations: [{ field: "page_token", description: "does not belong to this query" }] },
	);
}

/** The snapshot that the token belongs to is not known any more, or not to this replica. */
export function pageTokenExpired(): Failure {
	return new Failure(
		ErrorReason.PAGE_TOKEN_EXPIRED,
		"the snapshot of this page_token is gone; start the list over",
	);
}

function checksum(content: string, query: string): string {
	return createHash("sha256")
		.update(`${content}\n${query}`)
		.digest("base64url")
		.slice(0, checksumLength);
}
