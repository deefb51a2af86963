import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type DescMessage, toBinary } from "@bufbuild/protobuf";
import type { Codec } from "../../../server/src/rpc/codec/codec.ts";
import { createDecoder } from "../../../server/src/rpc/codec/decoder.ts";
import { conformanceTools } from "../programs.ts";
import { descriptors, registry } from "./schema.ts";

/** Bytes that are to be a message, or not. */
export interface Document {
	readonly schema: DescMessage;
	readonly form: Codec;
	readonly bytes: Buffer;
}

/** What this service and protobuf-go make of a document. */
export interface Verdict {
	readonly document: Document;
	/** Why it is refused here; undefined: it is taken. */
	readonly ours: string | undefined;
	/** Why protobuf-go refuses it; undefined: it takes it. */
	readonly theirs: string | undefined;
	/** Both refuse it, or both make the same message of it. */
	readonly agree: boolean;
}

const decoder = createDecoder({ registry });

/** Asks protobuf-go about all documents at once. */
export async function judge(documents: readonly Document[]): Promise<Verdict[]> {
	const decoded = documents.map(decodeHere);
	const child = spawn(join(conformanceTools.binFolder, "protobuf-judge"), {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const lines = documents.map(({ schema, form, bytes }, index) => {
		const theirs = decoded[index]?.bytes?.toString("base64") ?? null;
		return { type: schema.typeName, form, bytes: bytes.toString("base64"), theirs };
	});
	// Where it ends too early, that is told below.
	child.stdin.on("error", () => {});
	child.stdin.end(
		[Buffer.from(descriptors).toString("base64"), ...lines]
			.map((line) => `${JSON.stringify(line)}\n`)
			.join(""),
	);
	const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
	const answers = output.split("\n").filter((line) => line !== "");
	if (answers.length !== documents.length) throw new Error("protobuf-judge has ended too early");
	return answers.map((line, index) => {
		const { refusal, same } = JSON.parse(line) as { refusal: string; same: boolean };
		const ours = decoded[index]?.refusal;
		const theirs = refusal === "" ? undefined : refusal;
		const agree = ours === undefined ? theirs === undefined && same : theirs !== undefined;
		return { document: documents[index] as Document, ours, theirs, agree };
	});
}

function decodeHere({ schema, form, bytes }: Document) {
	const decoded = decoder.decode(schema, bytes, form);
	if ("refusal" in decoded) return { refusal: decoded.refusal.message };
	return { bytes: Buffer.from(toBinary(schema, decoded.message)) };
}
