import { readdirSync, readFileSync } from "node:fs";

/** Names and ids of the processes that `pid` has started, and those that these have started. */
export function descendantsOf(pid: number): { readonly pid: number; readonly name: string }[] {
	const all = readdirSync("/proc").flatMap((entry) => {
		if (!/^\d+$/.test(entry)) return [];
		try {
			// proc(5): the name stands in parentheses and may hold anything, then state and parent.
			const [, name = "", parent] =
				/\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
			return [{ pid: Number(entry), name, parent: Number(parent) }];
		} catch {
			// It has ended meanwhile.
			return [];
		}
	});
	const of = (parent: number): typeof all =>
		all.filter((one) => one.parent === parent).flatMap((one) => [one, ...of(one.pid)]);
	return of(pid);
}

/** What can be done to a page by the process that it alone runs in. */
export function createPageProcess(pid: number) {
	let isStopped = false;
	const signal = (name: "SIGSTOP" | "SIGCONT" | "SIGKILL") => {
		try {
			process.kill(pid, name);
		} catch {
			// It has ended.
		}
	};
	return {
		/** Nothing in it runs any more. */
		async freeze() {
			signal("SIGSTOP");
			isStopped = true;
		},
		async crash() {
			signal("SIGKILL");
		},
		/** Lets it go on, so that it can be closed. */
		thaw() {
			if (isStopped) signal("SIGCONT");
			isStopped = false;
		},
	};
}

export type PageProcess = ReturnType<typeof createPageProcess>;
