// Puts Firefox ESR and WebKitGTK, with Python's binding and a display for it, onto a Debian machine,
// where they are missing. `npm run test:browsers` runs it first. `--dry-run` says what it would install
// on a machine that has nothing, and changes nothing.
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";

/** Debian packages, and the file by which each is known. */
const wanted = [
	{ file: "/usr/bin/firefox-esr", package: "firefox-esr" },
	{ file: "/usr/lib/*/girepository-1.0/WebKit2-4.1.typelib", package: "gir1.2-webkit2-4.1" },
	{ file: "/usr/lib/python3/dist-packages/gi/__init__.py", package: "python3-gi" },
	{ file: "/usr/bin/Xvfb", package: "xvfb" },
];

const missing = wanted.filter(({ file }) => globSync(file).length === 0);
if (process.argv.includes("--dry-run")) {
	const packages = wanted.map((entry) => entry.package);
	const options = ["-q", "--simulate", "-o", "Dir::State::status=/dev/null"];
	const args = [...options, "install", "--no-install-recommends", ...packages];
	execFileSync("apt-get", args, { stdio: "inherit" });
} else if (missing.length === 0) {
	console.log("browsers: Firefox ESR and WebKitGTK are installed");
} else {
	const packages = missing.map((entry) => entry.package);
	console.log(`browsers: installing ${packages.join(", ")}, some 250 MB on a bare system`);
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const apt = (...args: string[]) =>
		execFileSync("apt-get", ["-q", ...args], { env, stdio: "inherit" });
	try {
		apt("update");
		apt("install", "-y", "--no-install-recommends", ...packages);
		console.log("browsers: installed");
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		console.error(`browsers: NOT TESTED, since ${packages.join(" and ")} could not be installed.`);
		console.error(
			"Needed: Debian or Ubuntu's packages of these names, and the right to install them.",
		);
		process.exitCode = 1;
	}
}
