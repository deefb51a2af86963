// Why: a registry that lacks the builds of a tool for other platforms leaves these out of the
// lock file, and `npm ci` then refuses the whole lock. This adds them by name, version and
// platform, so that the lock is complete wherever it was written. Run after `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

interface LockedPackage {
	readonly version?: string;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
	readonly [field: string]: unknown;
}

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const packages: Record<string, LockedPackage> = lock.packages;

for (const [parent, { optionalDependencies = {} }] of Object.entries(packages)) {
	for (const [name, version] of Object.entries(optionalDependencies)) {
		const path = `node_modules/${name}`;
		if (packages[path] === undefined && packages[`${parent}/${path}`] === undefined) {
			packages[path] = { version, dev: true, optional: true, ...platformOf(name) };
			console.log(`added ${name} ${version}`);
		}
	}
}

const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, undefined, "\t")}\n`);

/** Builds are named after their platform, as in `cli-linux-x64-musl`. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
	const match = /-(android|darwin|linux|win32)-(x64|arm64|armv7)(-musl)?$/.exec(name);
	if (match?.[1] === undefined || match[2] === undefined) {
		throw new Error(`${name} is locked by nothing, and is no build for one platform`);
	}
	const platform = { os: [match[1]], cpu: [match[2] === "armv7" ? "arm" : match[2]] };
	return match[3] === undefined ? platform : { ...platform, libc: ["musl"] };
}
