import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepPort } from "../support/kept-port.ts";
import { standingOperator } from "../support/running-app.ts";
import { startServiceProcess } from "../support/service-process.ts";

/** A service in a process of its own, which a test ends and starts again under the eyes of a page. */
export interface RestartedService extends AsyncDisposable {
	/** Address of the service, the same after each start. */
	readonly url: string;
	/** Ends it as a signal does, and starts it again on its data. */
	restart(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
	/** Writes the VM `vm`, whose label `turn` tells the writes apart; 0 makes it. */
	write(turn: number): Promise<void>;
}

/** Starts a service with its data in a file. @param pageOrigin of the pages that may call it */
export async function startRestartedService(pageOrigin: string): Promise<RestartedService> {
	const folder = mkdtempSync(join(tmpdir(), "wukong-restarted-"));
	const port = await keepPort();
	const flags = ["--data", join(folder, "wukong.db"), "--cors-origins", pageOrigin];
	const start = () => startServiceProcess({ port, flags: [...flags, ...standingOperator] });
	let service = await start();
	const call = async (method: string, message: object) => {
		const response = await fetch(`${service.url}/novasphere.v1.WukongService/${method}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(message),
		});
		const text = await response.text();
		if (response.status !== 200) throw new Error(`${method} was answered with ${text}`);
	};
	const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
	return {
		url: service.url,
		async restart(signal) {
			await (signal === "SIGTERM" ? service.stop() : service.kill());
			service = await start();
		},
		write(turn) {
			const wukong = { name: "vm", labels: { turn: `${turn}` } };
			if (turn > 0) return call("UpdateWukong", { wukong });
			return call("CreateWukong", { wukong: { ...wukong, spec } });
		},
		async [Symbol.asyncDispose]() {
			await service.kill();
			rmSync(folder, { recursive: true });
		},
	};
}
