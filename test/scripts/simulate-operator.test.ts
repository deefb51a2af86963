import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { writeKubeconfig } from "../cluster/kubeconfig.ts";
import { until } from "../support/until.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
	await stack.disposeAsync();
	stack = new AsyncDisposableStack();
});

/** Runs the operator as a person does, with its output collected. */
function run(...flags: string[]) {
	const child = spawn(process.execPath, [join(root, "scripts/simulate-operator.ts"), ...flags]);
	stack.defer(() => void child.kill("SIGKILL"));
	const ran = { child, text: "", exit: once(child, "close").then(([code]) => code) };
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (part: string) => {
			ran.text += part;
		});
	}
	return ran;
}

test("--help tells the flags and exits with 0", async () => {
	const ran = run("--help");
	expect(await ran.exit).toBe(0);
	for (const flag of ["--kubeconfig", "--context", "--namespace", "--creating-ms"]) {
		expect(ran.text).toContain(flag);
	}
});

test.each([
	[["--creating-ms", "soon"], "--creating-ms must be a whole number"],
	[["--creatingms", "1"], "--creatingms"],
	[["--kubeconfig", "/no/such/file"], "the kubeconfig cannot be read"],
])("%j cannot be used: it says so in one line and exits with 2", async (flags, message) => {
	const ran = run(...flags);
	expect(await ran.exit).toBe(2);
	expect(ran.text).toContain(message);
	expect(ran.text.trim().split("\n")).toHaveLength(1);
});

test.each(["SIGINT", "SIGTERM"] as const)(
	"a cluster that does not answer is told, waited for, and left on %s",
	async (signal) => {
		// Nobody listens on this port.
		const access = { url: "https://127.0.0.1:1", ca: "", token: "none" };
		const kubeconfig = stack.use(await writeKubeconfig(access));
		const ran = run("--kubeconfig", kubeconfig.path);
		const troubles = () => ran.text.match(/the cluster cannot be reached/g)?.length ?? 0;
		await until("it has tried twice", () => troubles() >= 2);
		ran.child.kill(signal);
		expect(await ran.exit).toBe(0);
	},
);
