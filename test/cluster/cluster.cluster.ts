import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, type NetConnectOpts } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { startCluster } from "./cluster.ts";
import { createKubeApi } from "./kube-api.ts";
import { poll } from "./poll.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0).reverse()) await close();
});

test("an API server comes back after a stop and after a crash, as the same one", async () => {
	const { apiServer, close } = await startCluster();
	closing.push(close);
	const before = apiServer.access();
	const api = createKubeApi(before);
	closing.push(() => api.close());
	const path = "/api/v1/namespaces/default";
	const { metadata } = await api.expect({ method: "GET", path });

	for (const end of [apiServer.stop, apiServer.kill]) {
		await end();
		await expect(api.send({ method: "GET", path })).rejects.toThrow();
		await apiServer.start();
		expect(apiServer.access()).toEqual(before);
		expect((await api.expect({ method: "GET", path })).metadata.uid).toBe(metadata.uid);
	}
});

test("an API server that cannot start says why", async () => {
	const start = startCluster({ apiServerFlags: ["--no-such-flag"] });
	await expect(start).rejects.toThrow("unknown flag: --no-such-flag");
});

test("a killed test run leaves no program behind", async () => {
	const child = spawn(
		process.execPath,
		[fileURLToPath(new URL("cluster-child.ts", import.meta.url))],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	closing.push(() => child.kill("SIGKILL"));
	const [line] = await once(createInterface(child.stdout), "line");
	const { folder, access } = JSON.parse(line);
	closing.push(() => rm(folder, { recursive: true }));
	const { port } = new URL(access.url);
	const listeners = [
		{ host: "127.0.0.1", port: Number(port) },
		{ path: join(folder, "etcd.sock") },
	];
	for (const listener of listeners) expect(await answers(listener)).toBe(true);

	child.kill("SIGKILL");
	for (const listener of listeners) {
		await poll("nobody listens", async () => !(await answers(listener)));
	}
});

async function answers(listener: NetConnectOpts): Promise<boolean> {
	const socket = connect(listener);
	try {
		await once(socket, "connect");
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}
