import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./source-files.ts";

/** The image of the contract as it last landed; only a landing updates it. */
export const landedImage = join(root, "proto/landed.binpb");

/** Runs buf in the root, with its output shown. @throws where buf finds a fault */
export function runBuf(...args: string[]): void {
	execFileSync("buf", args, { cwd: root, stdio: "inherit" });
}

/** Writes the image of the contract as it is now. */
export function buildImage(path: string): void {
	runBuf("build", "--exclude-source-info", "-o", path);
}

/** Rules of the breaking check; they pass over google.api, which is foreign, in both images. */
const breakingRules = {
	version: "v2",
	modules: [{ path: "." }],
	breaking: { use: ["FILE"], ignore: ["google/api"] },
};

/** Returns the arguments with which buf compares an image of the contract with what has landed. */
export function breakingArgs(image: string): string[] {
	return ["breaking", image, "--against", landedImage, "--config", JSON.stringify(breakingRules)];
}
