import type { Principal } from "../../caller.ts";
import type { NamespaceSet } from "../../resource/namespace-set.ts";
import type { ReviewedUser } from "../../store/kubernetes/reviews/reviews.ts";
import type { Verb } from "../authorizer.ts";
import type { Right } from "./access-rules.ts";

/** One question to the cluster. */
export interface AccessQuestion {
	readonly right: Right;
	/** Empty: in all namespaces. */
	readonly namespace: string;
	/** Empty: to all objects there. */
	readonly name: string;
}

/** What the cluster has said of one right in one place. */
export interface Answer {
	readonly allowed: boolean;
	/** When it was asked, on the monotonic clock. */
	readonly sentMs: number;
	/** Holds before that. */
	readonly untilMs: number;
}

/** The namespaces that a user has a verb in, as far as they are known. */
export interface KeptSet {
	readonly namespaces: NamespaceSet;
	/** Namespaces that were asked about. */
	readonly asked: ReadonlySet<string>;
	readonly sentMs: number;
	readonly untilMs: number;
	/** Of the known namespaces, when it was made. */
	readonly revision: number;
}

/** A review that has no answer yet. */
export interface Pending {
	readonly answer: Promise<Answer>;
	/** Counts the changes of rights before it was sent; undefined: it waits for its turn. */
	sentIn: number | undefined;
}

/** Answers by right. */
type Answers = Map<Right, Answer>;

/** What is known of one user. Equal principals are one. */
export class User {
	readonly reviewed: ReviewedUser;
	readonly identity: string;
	/** Those who follow what this user may do. */
	readonly listeners = new Set<() => void>();
	/** By namespace; "": in all of them. */
	readonly places = new Map<string, Answers>();
	/** By namespace and name, where the namespace alone does not do. */
	readonly objects = new Map<string, Answers>();
	readonly sets = new Map<Verb, KeptSet>();
	readonly pending = new Map<string, Pending>();
	bytes: number;
	/** Was asked about since the last look for room. */
	isUsed = true;
	/** Forgotten: whoever holds it finds another one. */
	isGone = false;

	constructor(reviewed: ReviewedUser, identity: string) {
		this.reviewed = reviewed;
		this.identity = identity;
		this.bytes = baseBytesOf(identity);
	}

	/** Finds what was answered, which may hold no more. */
	answer({ right, namespace, name }: AccessQuestion): Answer | undefined {
		const answers =
			name === "" ? this.places.get(namespace) : this.objects.get(`${namespace}/${name}`);
		return answers?.get(right);
	}

	/** Forgets all answers; what waits for its turn is still good. */
	drop(): void {
		this.places.clear();
		this.objects.clear();
		this.sets.clear();
		this.bytes = baseBytesOf(this.identity);
		for (const [key, { sentIn }] of this.pending) {
			if (sentIn !== undefined) this.pending.delete(key);
		}
	}
}

/** All users of whom something is known. */
export interface ReviewedUsers {
	of(principal: Principal): User;
	remember(user: User, question: AccessQuestion, answer: Answer): void;
	/** Keeps a set. */
	keep(user: User, verb: Verb, set: KeptSet): void;
	/** Forgets what was said of all. */
	drop(): void;
	all(): Iterable<User>;
}

/** Bytes that a user takes besides answers, about. */
const userBytes = 1_000;
const answerBytes = 250;

function baseBytesOf(identity: string): number {
	return userBytes + 4 * identity.length;
}

/**
 * Creates the users. Who was not asked about for longest goes first where they take too much memory; of
 * whom something is followed only the answers go.
 * @param maxBytes Default: 32 MiB
 */
export function createReviewedUsers(maxBytes: number = 32 * 1_024 * 1_024): ReviewedUsers {
	const byPrincipal = new WeakMap<Principal, User>();
	const users = new Map<string, User>();
	let bytes = 0;

	/** Forgets what is known of a user, and the user where nobody waits. */
	const clear = (user: User) => {
		const before = user.bytes;
		user.drop();
		bytes += user.bytes - before;
		if (user.listeners.size > 0 || user.pending.size > 0) return;
		user.isGone = true;
		users.delete(user.identity);
		bytes -= user.bytes;
	};
	const makeRoom = () => {
		// Twice around at most: each one is passed over once.
		for (let left = 2 * users.size; left > 0 && bytes > maxBytes; left--) {
			const [user] = users.values();
			if (user === undefined) return;
			users.delete(user.identity);
			users.set(user.identity, user);
			if (user.isUsed) user.isUsed = false;
			else clear(user);
		}
	};
	const add = (user: User, more: number) => {
		user.bytes += more;
		bytes += more;
		if (bytes > maxBytes) makeRoom();
	};

	return {
		of(principal) {
			const known = byPrincipal.get(principal);
			if (known !== undefined && !known.isGone) {
				known.isUsed = true;
				return known;
			}
			const { name: username, groups, uid = "", extra = {} } = principal;
			const identity = JSON.stringify([username, uid, groups, extra]);
			let user = users.get(identity);
			if (user === undefined) {
				user = new User({ username, uid, groups, extra }, identity);
				users.set(identity, user);
				bytes += user.bytes;
				if (bytes > maxBytes) makeRoom();
			}
			user.isUsed = true;
			byPrincipal.set(principal, user);
			return user;
		},
		remember(user, { right, namespace, name }, answer) {
			if (user.isGone) return;
			const [rows, key] =
				name === "" ? [user.places, namespace] : [user.objects, `${namespace}/${name}`];
			const answers: Answers = rows.get(key) ?? new Map();
			const isNew = !answers.has(right);
			rows.set(key, answers.set(right, answer));
			if (isNew) add(user, answerBytes + 2 * key.length);
		},
		keep(user, verb, set) {
			if (user.isGone) return;
			const bytesOf = (kept: KeptSet | undefined) => 200 * (kept?.asked.size ?? 0);
			const more = bytesOf(set) - bytesOf(user.sets.get(verb));
			user.sets.set(verb, set);
			add(user, more);
		},
		drop() {
			for (const user of users.values()) {
				bytes -= user.bytes;
				user.drop();
				bytes += user.bytes;
			}
		},
		all: () => [...users.values()],
	};
}
