// Holds that the web client's tarball is whole: it is installed alone into an empty folder, as a user
// does, by each package manager, and there its types, its exports, its code and bundles of it are tried.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Step, tryBundles } from "./package-bundles.ts";
import { tryManagers } from "./package-managers.ts";
import { root } from "./source-files.ts";

/** Compilers that users have; each reads our declarations without `skipLibCheck`. */
const compilers = {
	"typescript-5.9": "5.9.3",
	"typescript-6.0": "6.0.3",
	"typescript-7.0": "7.0.2",
};
const tools = [
	...["publint@0.3.25", "@arethetypeswrong/cli@0.18.5", "vite@8.3.8", "webpack@5.113.0"],
	...["vue@3.5.45", "@vitejs/plugin-vue@6.0.11"],
];
const optionalPeers = ["react@19.3.1", "@types/react@19.3.0", "@tanstack/react-query@5.108.4"];

const folder = mkdtempSync(join(tmpdir(), "wukong-package-"));
const run = (command: string, ...args: string[]) =>
	execFileSync(command, args, {
		cwd: folder,
		stdio: ["ignore", "pipe", "inherit"],
		encoding: "utf8",
	});
const npm = (...args: string[]) =>
	run("npm", ...args, "--no-audit", "--no-fund", "--loglevel=error");
const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
let steps = 0;
const step: Step = async (name, check) => {
	await check();
	steps++;
	console.log(`package: ${name}`);
};

const program = `
import { createWukongClient, isRetryable, type LiveSnapshot, optimistic, wukongToJson } from "@novasphere/wukong-client";
import { createAccess } from "@novasphere/wukong-client/access";
import { WukongSchema } from "@novasphere/wukong-client/gen";
import { createFakeWukong } from "@novasphere/wukong-client/testing";

const fake = createFakeWukong({ seed: [{ name: "a" }] });
const ready: Promise<LiveSnapshot> = fake.client.liveList({ namespace: "default" }).ready();
await fake.advance(100);
const { items, status } = await ready;
const json = items.map((vm) => wukongToJson(vm).name);
if (status !== "live" || json.join() !== "a") throw new Error("the list is wrong");
if (isRetryable(new Error()) || WukongSchema.typeName !== "novasphere.v1.Wukong") throw new Error("the exports are wrong");
for await (const event of fake.client.watch()) {
	if (event.type === "MODIFIED") console.log(event.previous.name);
	break;
}
const [answer] = await createAccess(fake.client).check([{ verb: "stop" }]);
if (answer?.allowed !== true) throw new Error("the answer is wrong");
createWukongClient({ baseUrl: "http://127.0.0.1:9", token: async ({ refresh }) => (refresh ? "b" : "a") }).close();
fake.client.close();
// What is loaded on demand.
const client = optimistic(createWukongClient({ transport: fake.transport, token: "good" })).namespace("default");
if ((await client.waitFor("a", "RUNNING"))?.name !== "a") throw new Error("the wait is wrong");
client.close();
console.log("works");
`;
const hooks = `
import { useQuery } from "@tanstack/react-query";
import { type WukongClient } from "@novasphere/wukong-client";
import { useAccess, useWukong, useWukongAction, useWukongs } from "@novasphere/wukong-client/react";
import { wukongsQuery } from "@novasphere/wukong-client/tanstack";

export function useAll(client: WukongClient): number {
	const count: number = useWukongs({}, (list) => list.items.length);
	const { wukong } = useWukong("a");
	const { pending } = useWukongAction("stop");
	const { can } = useAccess({ verbs: ["stop"] });
	const { data } = useQuery(wukongsQuery(client));
	return count + (data?.length ?? 0) + (pending && can("stop") ? 1 : 0) + Number(wukong?.generation ?? 0n);
}
`;

try {
	const packed = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
	execFileSync("npm", [...packed, "--workspace", "web-client"], { cwd: root });
	const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "";
	write("package.json", '{ "type": "module", "private": true }');
	write("main.ts", program);
	write("hooks.ts", hooks);

	await step("the tarball installs alone, and runs with nothing but its peers", () => {
		npm("install", `./${tarball}`);
		if (!run(process.execPath, "main.ts").includes("works")) throw new Error("it does not work");
	});
	await step("npm finds no conflict among the peers", () => npm("ls", "--all"));
	npm(
		...["install", "--no-save", ...tools, ...optionalPeers],
		...Object.entries(compilers).map(([name, version]) => `${name}@npm:typescript@${version}`),
	);
	for (const name of Object.keys(compilers)) {
		for (const resolution of ["nodenext", "bundler"]) {
			await step(`its types compile under ${name} with ${resolution}`, () => {
				const module = resolution === "bundler" ? "esnext" : "nodenext";
				const flags = [
					"--strict",
					"--noEmit",
					"--target",
					"es2022",
					"--lib",
					"es2022,dom,esnext.disposable",
				];
				const how = ["--module", module, "--moduleResolution", resolution, "--types", "react"];
				run(
					process.execPath,
					`node_modules/${name}/bin/tsc`,
					...flags,
					...how,
					"main.ts",
					"hooks.ts",
				);
			});
		}
	}
	await step("publint finds no fault", () =>
		run("npx", "publint", "--strict", "node_modules/@novasphere/wukong-client"),
	);
	await step("its types resolve (are-the-types-wrong)", () =>
		run("npx", "attw", tarball, "--profile", "esm-only", "--format", "ascii"),
	);
	await tryBundles(folder, step);
	await tryManagers({ tarball: join(folder, tarball), program: join(folder, "main.ts"), step });
	console.log(`package: ${steps} checks passed`);
} finally {
	rmSync(folder, { recursive: true });
}
