import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { root } from "../../scripts/source-files.ts";

/** What is asked; see apimachinery/main.go. */
export interface Question {
	readonly kind: "selector" | "quantity" | "label-key" | "annotation-key" | "label-value";
	readonly text: string;
	/** The labels of the objects that a selector is tried on. */
	readonly labels?: readonly Readonly<Record<string, string>>[];
}

/** How Kubernetes reads the text. */
export interface Answer {
	readonly valid: boolean;
	/** Whether a selector matches each of the objects. */
	readonly matches?: readonly boolean[];
	/** What a quantity stands for, rounded up to a whole number. */
	readonly value?: string;
}

/** Kubernetes' own code, as a program. */
export interface Apimachinery {
	ask(questions: readonly Question[]): Promise<readonly Answer[]>;
	remove(): void;
}

/** Builds it; seconds, the first time minutes. @throws where there is no Go, which it needs */
export function buildApimachinery(): Apimachinery {
	const folder = mkdtempSync(join(tmpdir(), "apimachinery-"));
	const program = join(folder, "apimachinery");
	execFileSync("go", ["build", "-o", program, "."], {
		cwd: join(root, "test/cluster/apimachinery"),
		env: { ...process.env, CGO_ENABLED: "0" },
		stdio: "inherit",
	});
	return {
		async ask(questions) {
			const child = execFile(program);
			if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
			const lines = questions.map((question) => `${JSON.stringify(question)}\n`);
			child.stdin.end(lines.join(""));
			const answers = (await text(child.stdout)).trimEnd().split("\n");
			return answers.map((line) => JSON.parse(line));
		},
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}
