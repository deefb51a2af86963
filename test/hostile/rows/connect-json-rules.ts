import { Code } from "@connectrpc/connect";
import { invalidMessage, invalidWukong } from "../expectations.ts";
import { json, watchMessage } from "../requests.ts";
import type { Expected, Facts, HostileRow } from "../row.ts";

const disk = { name: "root", size: "10Gi", boot: true };
const spec = { cpu: 2, memory: "4Gi", disks: [disk] };

/** A creation that would be fine but for what is given. */
function create(wukong: object): HostileRow["request"] {
	return json(
		"CreateWukong",
		JSON.stringify({ wukong: { name: "new-1", spec, ...wukong }, validateOnly: true }),
	);
}

function createSpec(part: object): HostileRow["request"] {
	return create({ spec: { ...spec, ...part } });
}

function get(request: object): HostileRow["request"] {
	return json("GetWukong", JSON.stringify(request));
}

function update(wukong: object, more: object = {}): HostileRow["request"] {
	return json("UpdateWukong", JSON.stringify({ wukong: { name: "web-1", ...wukong }, ...more }));
}

function list(request: object): HostileRow["request"] {
	return json("ListWukongs", JSON.stringify(request));
}

function failure(code: Code, reason: (Expected & { kind: "error" })["reason"]): Expected {
	return { kind: "error", code, reason };
}

/** Messages that decode, and ask for what may not be or what is not there. */
export function connectJsonRules(facts: Facts): HostileRow[] {
	const { name, pageToken, storeVersion } = facts;
	const annotations = { note: "x".repeat(256 * 1024) };
	const kept = [disk, { name: "data", size: "10Gi" }];
	const flipped = (pageToken[0] === "1" ? "3" : "1") + pageToken.slice(1);
	const notThere = failure(Code.NotFound, "WUKONG_NOT_FOUND");
	const badToken = failure(Code.InvalidArgument, "PAGE_TOKEN_INVALID");
	const rows: readonly (readonly [string, string, HostileRow["request"], Expected])[] = [
		["J27", "an empty name", get({ name: "" }), invalidMessage],
		["J28", "a name in capitals", get({ name: "Web_1" }), invalidMessage],
		["J29", "a name of 254 characters", get({ name: "a".repeat(254) }), invalidMessage],
		["J30", "a name that climbs", get({ name: "../../x" }), invalidMessage],
		["J31", "a name with U+0000", get({ name: "web-1\0" }), invalidMessage],
		["J32", "a namespace with a slash", get({ name, namespace: "a/b" }), invalidMessage],
		["J33", "no core", createSpec({ cpu: 0 }), invalidWukong],
		["J34", "65 cores", createSpec({ cpu: 65 }), invalidWukong],
		["J35", "a unit that is none", createSpec({ memory: "8GB!" }), invalidWukong],
		["J36", "negative memory", createSpec({ memory: "-1Gi" }), invalidWukong],
		[
			"J37",
			"VLAN 4095",
			createSpec({ networks: [{ name: "default", vlanId: 4095 }] }),
			invalidWukong,
		],
		["J38", "no disks", createSpec({ disks: [] }), invalidWukong],
		["J39", "two disks of one name", createSpec({ disks: [disk, disk] }), invalidWukong],
		[
			"J40",
			"a label key that is a prototype's",
			create({ labels: JSON.parse('{"__proto__":"x"}') }),
			invalidWukong,
		],
		[
			"J41",
			"a label value of 64 characters",
			create({ labels: { app: "a".repeat(64) } }),
			invalidWukong,
		],
		["J42", "annotations over 256 KiB", create({ annotations }), invalidWukong],
		["J43", "a negative page size", list({ pageSize: -1 }), invalidMessage],
		["J44", "a page token of another query", list({ pageToken, labelSelector: "app" }), badToken],
		[
			"J45",
			"a mask that names nothing",
			update({ spec }, { updateMask: "spec.cpus" }),
			invalidMessage,
		],
		[
			"J46",
			"a page token with one bit flipped",
			list({ namespace: "default", pageToken: flipped }),
			badToken,
		],
		["J47", "what is not there", get({ name: "web-2" }), notThere],
		[
			"J48",
			"what is there already",
			create({ name }),
			failure(Code.AlreadyExists, "WUKONG_ALREADY_EXISTS"),
		],
		[
			"J49",
			"the version of something else",
			update({ resourceVersion: storeVersion, spec: { cpu: 8 } }),
			failure(Code.Aborted, "RESOURCE_VERSION_CONFLICT"),
		],
		["J50", "fewer cores", update({ spec: { cpu: 1 } }), invalidWukong],
		["J50", "one disk less", update({ spec: { disks: kept.slice(0, 1) } }), invalidWukong],
		[
			"J51",
			"a token older than the history",
			watchMessage('{"resourceVersion":"1"}'),
			{ kind: "stream", contains: "RESET" },
		],
	];
	return rows.map(([id, what, request, expected]) => ({ id, what, request, expected }));
}
