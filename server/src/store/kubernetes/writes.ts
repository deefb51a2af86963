import type { JsonObject } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { isFailure } from "../../failure.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import { requestIdReused, wukongAlreadyExists } from "../../resource/wukong/failures.ts";
import type { CreateOptions, Edit, Store, WriteOptions } from "../store.ts";
import type { Api } from "./api.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import { deletedPublicView, readPublicView, readWukong } from "./kinds/wukong-read.ts";
import { createdResource, editedResource, originOf } from "./kinds/wukong-write.ts";
import type { OwnChanges } from "./own-changes.ts";
import { sleep } from "./sleep.ts";
import { objectAt, type Unstructured, versionOf } from "./unstructured.ts";
import { UpstreamError } from "./upstream-error.ts";
import { failureOf, versionConflict } from "./write-failure.ts";

/** How often a write is tried that others keep getting ahead of. */
const maxTries = 8;

/** The longest wait before the second try, in milliseconds; it grows with each one. */
const retryWaitMs = 5;

export interface WritesOptions {
	readonly api: Api;
	readonly ownChanges: OwnChanges;
	readonly clock: Clock;
	/** From 0 to below 1. */
	readonly random: () => number;
}

/** What is left to do for an answer when the next write to the same Wukong may begin. */
type Answer<T> = () => T | Promise<T>;

type Removal = Awaited<ReturnType<Store["remove"]>>;

/**
 * Writes, straight to the API server, each decided on what the API server has at that time and
 * conditional on it. Once sent, a write is seen through even if its caller leaves. It is answered
 * when reads see it, as far as `OwnChanges` can bring that about.
 */
export function createWrites(options: WritesOptions): Pick<Store, "create" | "edit" | "remove"> {
	const { api, ownChanges, clock } = options;
	const mutex = createKeyedMutex();

	/**
	 * One write, after the earlier ones to the same Wukong, told in the contract's reasons. The wait
	 * for its own change holds up no other: each is decided on what the API server has.
	 */
	const inTurn = async <T>(
		ref: ObjectRef,
		{ signal }: WriteOptions,
		work: () => Promise<Answer<T>>,
	): Promise<T> => {
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
			throw failureOf(error, { ref, writing: false, secrets: [] });
		}
	};

	/** @returns undefined where others got ahead. */
	const send = async <T>(
		ref: ObjectRef,
		{ dryRun, secrets }: { readonly dryRun: boolean; readonly secrets: readonly string[] },
		call: () => Promise<T>,
	): Promise<{ readonly answer: T } | undefined> => {
		try {
			return { answer: await call() };
		} catch (error) {
			if (isConflict(error)) return undefined;
			throw failureOf(error, { ref, writing: !dryRun, secrets });
		}
	};

	/** Two replicas that write in step would get ahead of each other for ever. */
	const beforeNextTry = async (ref: ObjectRef, tries: number, signal: AbortSignal) => {
		if (tries === maxTries) {
			const current = (await read(ref, signal)).metadata.resourceVersion;
			throw versionConflict(ref, { current });
		}
		await sleep(clock, options.random() * retryWaitMs * 2 ** tries, signal);
	};

	/** The answer, once reads see it. */
	const seen =
		(raw: Unstructured, writeOptions: WriteOptions): Answer<Wukong> =>
		async () => {
			await ownChanges.seen(versionOf(raw.metadata.resourceVersion), writeOptions);
			return readPublicView(raw);
		};

	const created = async (wukong: Wukong, createOptions: CreateOptions): Promise<Answer<Wukong>> => {
		const { validateOnly: dryRun, requestId, fingerprint, signal } = createOptions;
		const resource = createdResource(wukong, { requestId, fingerprint });
		const { namespace } = wukong;
		const secrets = secretsIn(resource);
		const sent = await send(wukong, { dryRun, secrets }, () =>
			api.create(resource, { dryRun, namespace }),
		);
		if (sent !== undefined) {
			const { answer } = sent;
			return dryRun ? () => readPublicView(withoutVersion(answer)) : seen(answer, createOptions);
		}
		if (dryRun || requestId === "") throw wukongAlreadyExists(wukong);
		const there = await read(wukong, signal).catch((error) => {
			// Gone since: it was there when the creation was refused.
			throw isFailure(error, ErrorReason.WUKONG_NOT_FOUND) ? wukongAlreadyExists(wukong) : error;
		});
		const origin = originOf(there);
		if (origin.requestId !== requestId) throw wukongAlreadyExists(wukong);
		if (origin.fingerprint !== fingerprint) throw requestIdReused(wukong);
		return seen(there, createOptions);
	};

	const edited = async (
		ref: ObjectRef,
		edit: (current: Wukong) => Edit | undefined,
		writeOptions: WriteOptions,
	): Promise<Answer<Wukong>> => {
		const { validateOnly: dryRun, signal } = writeOptions;
		for (let tries = 1; ; tries++) {
			const raw = await read(ref, signal);
			const wanted = edit(readPublicView(raw));
			const resource = wanted && editedResource(raw, wanted);
			if (resource === undefined) return seen(raw, writeOptions);
			// A rule may compare with the state before, and say so.
			const secrets = [...secretsIn(raw), ...secretsIn(resource)];
			const sent = await send(ref, { dryRun, secrets }, () => api.replace(resource, { dryRun }));
			if (sent !== undefined) {
				const { answer } = sent;
				return dryRun ? () => readPublicView(answer) : seen(answer, writeOptions);
			}
			await beforeNextTry(ref, tries, signal);
		}
	};

	const removed = async (
		ref: ObjectRef,
		check: (current: Wukong) => void,
		writeOptions: WriteOptions,
	): Promise<Answer<Removal>> => {
		for (let tries = 1; ; tries++) {
			const raw = await read(ref, writeOptions.signal);
			check(readPublicView(raw));
			if (raw.metadata.deletionTimestamp !== undefined) return marked(raw, writeOptions);
			const answer = await removeAt(ref, raw, writeOptions);
			if (answer !== undefined) return answer;
			await beforeNextTry(ref, tries, writeOptions.signal);
		}
	};

	/** What waits for its finalizers. */
	const marked =
		(raw: Unstructured, writeOptions: WriteOptions): Answer<Removal> =>
		async () => ({
			wukong: await seen(raw, writeOptions)(),
			version: versionOf(raw.metadata.resourceVersion),
		});

	/** Removes just what was read; undefined where it is not that any more. */
	const removeAt = async (
		ref: ObjectRef,
		raw: Unstructured,
		writeOptions: WriteOptions,
	): Promise<Answer<Removal> | undefined> => {
		const { validateOnly: dryRun } = writeOptions;
		const { uid, resourceVersion } = raw.metadata;
		// Its event may come before the answer.
		const deletion = ownChanges.deletion(ref, uid);
		let isGone = false;
		try {
			const sent = await send(ref, { dryRun, secrets: secretsIn(raw) }, () =>
				api.remove(ref, { uid, resourceVersion, dryRun }),
			);
			if (sent === undefined) return undefined;
			const waiting = sent.answer;
			if (waiting !== undefined) {
				const version = versionOf(waiting.metadata.resourceVersion);
				const wukong = () => readPublicView(waiting);
				return dryRun ? () => ({ wukong: wukong(), version }) : marked(waiting, writeOptions);
			}
			const wukong = deletedPublicView(readWukong(raw), clock.nowMs());
			if (dryRun) return () => ({ wukong, version: versionOf(resourceVersion) });
			isGone = true;
			return async () => ({ wukong, version: await deletion.seen(writeOptions) });
		} finally {
			if (!isGone) deletion.cancel();
		}
	};

	return {
		create: (wukong, createOptions) =>
			inTurn(wukong, createOptions, () => created(wukong, createOptions)),
		edit: (ref, edit, writeOptions) =>
			inTurn(ref, writeOptions, () => edited(ref, edit, writeOptions)),
		remove: (ref, check, writeOptions) =>
			inTurn(ref, writeOptions, () => removed(ref, check, writeOptions)),
	};
}

/** As it is before it is stored. */
function withoutVersion(raw: Unstructured): Unstructured {
	return { ...raw, metadata: { ...raw.metadata, resourceVersion: "" } };
}

/** 409 means two things: the name is taken, or the version is not current. Both: others came first. */
function isConflict(error: unknown): boolean {
	return (
		error instanceof UpstreamError &&
		error.problem.kind === "refused" &&
		error.problem.code === 409 &&
		["AlreadyExists", "Conflict"].includes(String(error.problem.status.reason))
	);
}

/** Credentials of a resource: whatever comes back must not repeat them. */
function secretsIn(resource: JsonObject): string[] {
	const user = objectAt(objectAt(resource, "spec"), "cloudInitUser");
	return [user.password, user.passwordHash].filter(
		(secret): secret is string => typeof secret === "string" && secret !== "",
	);
}
