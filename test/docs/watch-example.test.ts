import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { keepPort } from "../support/kept-port.ts";
import { startApp } from "../support/running-app.ts";
import { until } from "../support/until.ts";

test("the watch example waits for a server, survives its restart, says what happens, and ends by Ctrl-C", async () => {
	const port = String(await keepPort());
	const url = `http://127.0.0.1:${port}`;
	const child = spawn(process.execPath, [join(root, "docs/examples/watch.ts"), url], {
		cwd: root,
	});
	let output = "";
	child.stdout.on("data", (chunk) => (output += chunk));
	child.stderr.on("data", (chunk) => (output += chunk));
	const exited = new Promise((resolve) => child.once("exit", resolve));
	const says = (what: RegExp) => until(`it says ${what}`, () => what.test(output));
	try {
		await says(/nobody answers at .*npm start/);
		const second = await startApp("--seed", "1", "--port", port);
		await says(/^ADDED default\/vm-0 RUNNING\n# live$/m);
		await second.close();
		await says(/# live\n# (?:the connection is lost|nobody answers)/);
		await using _third = await startApp("--seed", "2", "--port", port);
		await says(/ADDED default\/vm-1 RUNNING\n[\s\S]*# live\n$/);
		child.kill("SIGINT");
		expect(await exited).toBe(0);
		expect(output).toMatch(/# closed\n$/);
		expect(output).not.toMatch(/^ {4}at /m);
	} finally {
		child.kill("SIGKILL");
		await exited;
	}
});
