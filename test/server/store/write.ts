import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import type {
	CreateOptions,
	CredentialChange,
	Edit,
	WriteOptions,
} from "../../../server/src/store/store.ts";

export type SpecInit = Omit<MessageInitShape<typeof WukongSpecSchema>, "$typeName" | "$unknown">;

/** A complete Wukong. @param namespace default `default` */
export function wukongNamed(name: string, spec: SpecInit = {}, namespace = "default"): Wukong {
	return create(WukongSchema, {
		namespace,
		name,
		spec: create(WukongSpecSchema, {
			cpu: 2,
			memory: "4Gi",
			disks: [{ name: "root", size: "20Gi" }],
			...spec,
		}),
	});
}

/** @param namespace default `default` */
export function refTo(name: string, namespace = "default") {
	return { namespace, name };
}

export const writeOptions: WriteOptions = {
	validateOnly: false,
	signal: new AbortController().signal,
};

export const createOptions: CreateOptions = { ...writeOptions, requestId: "", fingerprint: "" };

const keep: CredentialChange = { action: "keep" };

/** An edit that changes a copy of the current state and keeps the credentials. */
export function change(
	alter: (next: Wukong) => void,
	credentials: Partial<Pick<Edit, "password" | "passwordHash">> = {},
): (current: Wukong) => Edit {
	return (current) => {
		const next = clone(WukongSchema, current);
		alter(next);
		return { next, password: keep, passwordHash: keep, ...credentials };
	};
}

/** An edit that sets one label. */
export function setLabel(key: string, value: string): (current: Wukong) => Edit {
	return change((next) => {
		next.labels[key] = value;
	});
}
