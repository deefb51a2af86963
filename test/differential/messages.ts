import type { JsonObject } from "@bufbuild/protobuf";
import { deedNames, streamPlans } from "./probe-service.ts";

/** Sound request messages in JSON form, by method; of each the first one is fulfilled. */
export type Messages = Readonly<Record<string, readonly JsonObject[]>>;

/** Messages for the probe service: each name of a deed, and each plan of a stream. */
export const probeMessages: Messages = {
	GetWukong: deedNames.map((name) => ({ name, namespace: "n" })),
	ListWukongs: deedNames.map((namespace) => ({ namespace, labels: { app: "web", "": "" } })),
	CreateWukong: deedNames.map((name) => ({
		wukong: { name, generation: "7", labels: { "a\u2028": "ä" }, spec: { networks: [{}] } },
		requestId: "r",
	})),
	WatchWukong: deedNames.flatMap((name) =>
		streamPlans.map((namespace) => ({ name, namespace, heartbeatInterval: "2.500s" })),
	),
};

const disks = [{ name: "root", size: "10Gi" }];
const one = [
	{ name: "vm-1" },
	{ name: "vm-0", namespace: "default" },
	{ name: "vm-9" },
	{ name: "vm-1", namespace: "elsewhere" },
	{ name: "No Name" },
	{},
];
/** Where nothing is stored, so that both ways find the same. */
const unstored = one.map((message) => ({ ...message, validateOnly: true }));

/** Messages for WukongService; none of them changes anything. */
export const realMessages: Messages = {
	GetWukong: [
		...one,
		{ name: "vm-1", minResourceVersion: "1" },
		{ name: "vm-1", minResourceVersion: "x" },
	],
	ListWukongs: [
		{},
		{ pageSize: 2 },
		{ pageSize: -1 },
		{ namespace: "elsewhere" },
		{ labels: { tier: "web" } },
		{ labelSelector: "tier in (web,db),!nothing" },
		{ labelSelector: "tier in (" },
		{ pageToken: "forged" },
	],
	CreateWukong: [
		{ validateOnly: true, wukong: { name: "new", spec: { cpu: 2, memory: "4Gi", disks } } },
		{},
		{ validateOnly: true, wukong: {} },
		{ validateOnly: true, wukong: { name: "vm-1", spec: { cpu: 2, memory: "4Gi", disks } } },
		{ validateOnly: true, wukong: { name: "new", spec: { cpu: 65, memory: "x", disks: [{}] } } },
	],
	UpdateWukong: [
		{ validateOnly: true, wukong: { name: "vm-1", spec: { cpu: 64 } } },
		{ validateOnly: true, wukong: { name: "vm-1", spec: { cpu: 64 } }, generation: "99" },
		{ validateOnly: true, wukong: { name: "vm-1" }, updateMask: "spec.disks" },
		{ validateOnly: true, wukong: { name: "vm-9", labels: { a: "b" } }, updateMask: "labels" },
		{ validateOnly: true, wukong: { name: "vm-1" }, updateMask: "nothing" },
	],
	DeleteWukong: [...unstored, { name: "vm-1", uid: "other", validateOnly: true }],
	StartWukong: [...unstored, { name: "vm-1", resourceVersion: "1", validateOnly: true }],
	StopWukong: [
		...unstored,
		{ name: "vm-1", gracePeriod: "0s", validateOnly: true },
		{ name: "vm-1", gracePeriod: "3601s", validateOnly: true },
	],
	RestartWukong: [
		...unstored.map((message) => ({ ...message, mode: "RESET" })),
		{ name: "vm-1", mode: 9, validateOnly: true },
	],
	PauseWukong: [{ name: "vm-1", uid: "other", validateOnly: true }, {}],
	ResumeWukong: unstored,
	WaitWukong: [
		{ name: "vm-1", state: "RUNNING" },
		{ name: "vm-1", state: "PAUSED", timeout: "0s" },
		{ name: "vm-9", state: "RUNNING" },
		{ name: "vm-9", deleted: true },
		{ name: "vm-1", state: "RUNNING", deleted: true },
		{ name: "vm-1", deleted: true, timeout: "601s" },
		{ name: "vm-1", deleted: true, minResourceVersion: "x" },
	],
	WatchWukong: [
		{},
		{ name: "vm-1" },
		{ namespace: "elsewhere" },
		{ labelSelector: "tier=web" },
		{ resourceVersion: "1" },
		{ resourceVersion: "forged" },
		{ heartbeatInterval: "0.5s" },
		{ heartbeatInterval: "60s" },
		{ name: "No Name" },
	],
};
