import type { Examples } from "./operations.ts";

/** Request bodies that work as they are, by name of the method; a test sends each of them. */
export const examples: Examples = {
	CreateWukong: {
		name: "web-1",
		labels: { app: "web" },
		spec: {
			cpu: 2,
			memory: "4Gi",
			disks: [{ name: "root", size: "20Gi", boot: true }],
			networks: [{ name: "default" }],
		},
	},
	UpdateWukong: { labels: { tier: "front" } },
	StartWukong: {},
	StopWukong: {},
	CheckAccess: { questions: [{ verb: "start", namespace: "team-a", name: "web-1" }] },
	WatchAccess: { verbs: ["start", "stop"], namespace: "team-a" },
	CreateStreamTicket: { target: "/api/v1/wukongs:watch?namespace=team-a" },
};
