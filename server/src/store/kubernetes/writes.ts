import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../clock.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import type { CreateOptions, RemoveOptions, WriteOptions } from "../store.ts";
import type { Api, HeaderFields } from "./api.ts";
import { createConditionalPatch } from "./conditional-patch.ts";
import { createConflictRetry } from "./conflict-retry.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import type { ReadYourWrites } from "./read-your-writes.ts";
import type { ClusterObject, WritableKind } from "./resource-kind.ts";
import { type Unstructured, versionOf } from "./unstructured.ts";
import {
	failureOf,
	isConflict,
	isNotFound,
	isUnpatched,
	versionConflict,
} from "./write-failure.ts";

/** What the writes of one kind work with. */
export interface WritesOptions<T extends ClusterObject, Edit> {
	readonly kind: WritableKind<T, Edit>;
	readonly api: Api;
	readonly readYourWrites: ReadYourWrites;
	/**
	 * Completes a resource with what the cluster needs of it. Default: nothing.
	 * @param before the resource that was there; undefined: none
	 */
	readonly complete?: (resource: JsonObject, before: JsonObject | undefined) => JsonObject;
	/** Default: edits ask for nothing beside the object. */
	readonly companion?: EditCompanion<T, Edit>;
	/**
	 * Returns the header fields by which a write is its caller's; undefined: it is the service's.
	 * @throws Failure where it cannot be the caller's
	 */
	readonly impersonate: (options: WriteOptions) => HeaderFields | undefined;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
}

/** What an edit asks for beside the object, of others than the API server. */
export interface EditCompanion<T, Edit> {
	/** Checks that it can be done; called before the object is written for the first time. */
	check(edit: Edit, current: T, options: WriteOptions): Promise<void>;
	/**
	 * Does it, where the object is as it should be.
	 * @param isWritten the object was changed by this edit: a failure must not say that nothing was
	 */
	finish(edit: Edit, current: T, options: WriteOptions, isWritten: boolean): Promise<void>;
}

/** How a write is sent. */
interface Sending {
	readonly dryRun: boolean;
	/** Credentials in what is sent. */
	readonly secrets: readonly string[];
	/** Tells refusals after which the object is read again. Default: conflicts. */
	readonly isNotDone?: (error: unknown) => boolean;
}

/** Completes the answer, while the next write to the same object may already begin. */
type Answer<T> = () => T | Promise<T>;

/** The last state of what was deleted, and a version at which reads see the deletion. */
export interface Removal<T> {
	readonly object: T;
	readonly version: bigint;
}

/** Writes to one kind; each as the method of `Store` that has its name. */
export interface Writes<T, Edit> {
	create(object: T, options: CreateOptions): Promise<T>;
	edit(ref: ObjectRef, edit: (current: T) => Edit | undefined, options: WriteOptions): Promise<T>;
	/** Reads an object as the API server has it. Fails with Failure, or with the signal's reason. */
	read(ref: ObjectRef, signal: AbortSignal): Promise<T>;
	remove(ref: ObjectRef, check: (current: T) => void, options: RemoveOptions): Promise<Removal<T>>;
}

/**
 * Creates the writes of one kind. They go straight to the API server, each decided on what it has
 * at that time and conditional on that. Once sent, a write is completed even if its caller leaves. It is answered
 * when reads see it, as far as `ReadYourWrites` can bring that about.
 */
export function createWrites<T extends ClusterObject, Edit>(
	options: WritesOptions<T, Edit>,
): Writes<T, Edit> {
	const { kind, api, readYourWrites, companion, impersonate, clock } = options;
	const { complete = (resource) => resource } = options;
	const mutex = createKeyedMutex();

	/**
	 * Runs one write after the earlier ones to the same object. The wait
	 * for its own change holds up no other: each is decided on what the API server has.
	 */
	const inTurn = async <R>(
		ref: ObjectRef,
		{ signal }: WriteOptions,
		work: () => Promise<Answer<R>>,
	): Promise<R> => {
		const answer = await mutex.run(keyOf(ref), async () => {
			signal.throwIfAborted();
			return work();
		});
		return answer();
	};

	const read = async (ref: ObjectRef, signal: AbortSignal): Promise<Unstructured> => {
		try {
			return await api.get(ref, signal);
		} catch (error) {
			throw failureOf(error, { kind, ref, effect: "read", secrets: [] });
		}
	};

	/** Sends a write. @returns undefined where another write came first, or `isNotDone` says so. */
	const send = async <R>(
		ref: ObjectRef,
		{ dryRun, secrets, isNotDone = isConflict }: Sending,
		call: () => Promise<R>,
	): Promise<{ readonly answer: R } | undefined> => {
		try {
			return { answer: await call() };
		} catch (error) {
			if (isNotDone(error)) return undefined;
			throw failureOf(error, { kind, ref, effect: dryRun ? "dryRun" : "write", secrets });
		}
	};

	const createRetries = (ref: ObjectRef, writeOptions: WriteOptions) =>
		createConflictRetry(writeOptions, { clock, random: options.random }, async () => {
			const current = (await read(ref, writeOptions.signal)).metadata.resourceVersion;
			return versionConflict(kind, ref, { current });
		});

	/** Answers with an object once reads see it. */
	const seen =
		(raw: Unstructured, writeOptions: WriteOptions): Answer<T> =>
		async () => {
			await readYourWrites.seen(versionOf(raw.metadata.resourceVersion), writeOptions);
			return kind.read(raw);
		};

	const created = async (given: T, createOptions: CreateOptions): Promise<Answer<T>> => {
		const { validateOnly: dryRun, requestId, fingerprint, signal } = createOptions;
		const impersonation = impersonate(createOptions);
		const resource = complete(kind.toResource(given, { requestId, fingerprint }), undefined);
		const { namespace } = given;
		const secrets = kind.secretsIn(resource);
		const sent = await send(given, { dryRun, secrets }, () =>
			api.create(resource, { dryRun, impersonation, namespace }),
		);
		if (sent !== undefined) {
			const { answer } = sent;
			return dryRun ? () => kind.read(withoutVersion(answer)) : seen(answer, createOptions);
		}
		const alreadyExists = () => kind.failures.alreadyExists(given);
		if (dryRun || requestId === "") throw alreadyExists();
		const there = await api.get(given, signal).catch((error) => {
			// Gone since: it was there when the creation was refused.
			if (isNotFound(error, given)) throw alreadyExists();
			throw failureOf(error, { kind, ref: given, effect: "read", secrets: [] });
		});
		const origin = kind.originOf(there);
		if (origin.requestId !== requestId) throw alreadyExists();
		if (origin.fingerprint !== fingerprint) throw kind.failures.requestIdReused(given);
		return seen(there, createOptions);
	};

	const edited = async (
		ref: ObjectRef,
		edit: (current: T) => Edit | undefined,
		writeOptions: WriteOptions,
	): Promise<Answer<T>> => {
		const { validateOnly: dryRun, signal } = writeOptions;
		const impersonation = impersonate(writeOptions);
		const request = { dryRun, impersonation };
		const beforeNextTry = createRetries(ref, writeOptions);
		let isChecked = false;
		// A whole object is written where nobody else writes: it needs no right to patch.
		let wasBeaten = false;
		while (true) {
			const raw = await read(ref, signal);
			const current = kind.read(raw);
			const wanted = edit(current);
			if (wanted === undefined) return seen(raw, writeOptions);
			if (!isChecked) await companion?.check(wanted, current, writeOptions);
			isChecked = true;
			const finish = async (isWritten: boolean) =>
				companion?.finish(wanted, current, writeOptions, isWritten);
			const changed = kind.applyEdit(raw, wanted, clock.nowMs());
			if (changed === undefined) {
				await finish(false);
				return seen(raw, writeOptions);
			}
			const resource = complete(changed, raw) as Unstructured;
			// A rule may compare with the state before, and say so.
			const secrets = [...kind.secretsIn(raw), ...kind.secretsIn(resource)];
			const patch: JsonObject[] | undefined = wasBeaten
				? createConditionalPatch(raw, resource)
				: undefined;
			const sent =
				patch === undefined
					? await send(ref, { dryRun, secrets }, () => api.replace(resource, request))
					: await send(ref, { dryRun, secrets, isNotDone: isUnpatched }, () =>
							api.patch(ref, patch, request),
						);
			if (sent !== undefined) {
				const { answer } = sent;
				if (dryRun) return () => kind.read(answer);
				await finish(true);
				return seen(answer, writeOptions);
			}
			// In turns: what a patch is refused for, a whole object may not be, and the other way round.
			wasBeaten = patch === undefined;
			await beforeNextTry();
		}
	};

	const removed = async (
		ref: ObjectRef,
		check: (current: T) => void,
		writeOptions: RemoveOptions,
	): Promise<Answer<Removal<T>>> => {
		const impersonation = impersonate(writeOptions);
		const beforeNextTry = createRetries(ref, writeOptions);
		while (true) {
			const raw = await read(ref, writeOptions.signal);
			check(kind.read(raw));
			if (raw.metadata.deletionTimestamp !== undefined) return marked(raw, writeOptions);
			const answer = await removeAt(raw, impersonation, writeOptions);
			if (answer !== undefined) return answer;
			await beforeNextTry();
		}
	};

	/** Answers with an object that waits for its finalizers. */
	const marked =
		(raw: Unstructured, writeOptions: WriteOptions): Answer<Removal<T>> =>
		async () => ({
			object: await seen(raw, writeOptions)(),
			version: versionOf(raw.metadata.resourceVersion),
		});

	/** Removes the object if it is still as it was read, as far as that is asked for; else undefined. */
	const removeAt = async (
		raw: Unstructured,
		impersonation: HeaderFields | undefined,
		writeOptions: RemoveOptions,
	): Promise<Answer<Removal<T>> | undefined> => {
		const ref: ObjectRef = raw.metadata;
		const { validateOnly: dryRun, anyState = false } = writeOptions;
		const { uid, resourceVersion } = raw.metadata;
		// The one condition on a state that a deletion can have is its version, which status changes, too.
		const only = anyState ? undefined : resourceVersion;
		// Its event may come before the answer.
		const deletion = readYourWrites.deletion(ref, uid);
		let isGone = false;
		try {
			const sent = await send(ref, { dryRun, secrets: kind.secretsIn(raw) }, () =>
				api.remove(ref, { uid, resourceVersion: only, dryRun, impersonation }),
			);
			if (sent === undefined) return undefined;
			const waiting = sent.answer;
			if (waiting !== undefined) {
				const version = versionOf(waiting.metadata.resourceVersion);
				const object = () => kind.read(waiting);
				return dryRun ? () => ({ object: object(), version }) : marked(waiting, writeOptions);
			}
			const object = kind.markDeleted(kind.read(raw), clock.nowMs());
			if (dryRun) return () => ({ object, version: versionOf(resourceVersion) });
			isGone = true;
			return async () => ({ object, version: await deletion.seen(writeOptions) });
		} finally {
			if (!isGone) deletion.cancel();
		}
	};

	return {
		read: async (ref, signal) => kind.read(await read(ref, signal)),
		create: (object, createOptions) =>
			inTurn(object, createOptions, () => created(object, createOptions)),
		edit: (ref, edit, writeOptions) =>
			inTurn(ref, writeOptions, () => edited(ref, edit, writeOptions)),
		remove: (ref, check, writeOptions) =>
			inTurn(ref, writeOptions, () => removed(ref, check, writeOptions)),
	};
}

/** Removes the version, as an object has none before it is stored. */
function withoutVersion(raw: Unstructured): Unstructured {
	return { ...raw, metadata: { ...raw.metadata, resourceVersion: "" } };
}
