import type { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { MethodRule } from "../interceptors/authorize.ts";

/** What each method asks for. A method without a line does not compile. */
export const wukongRules: Readonly<Record<keyof typeof WukongService.method, MethodRule>> = {
	listWukongs: { verb: "list", judged: "page" },
	getWukong: { verb: "get", judged: "call" },
	createWukong: { verb: "create", judged: "call" },
	updateWukong: { verb: "update", judged: "call" },
	deleteWukong: { verb: "delete", judged: "call" },
	startWukong: { verb: "start", judged: "call" },
	stopWukong: { verb: "stop", judged: "call" },
	restartWukong: { verb: "restart", judged: "call" },
	pauseWukong: { verb: "pause", judged: "call" },
	resumeWukong: { verb: "resume", judged: "call" },
	waitWukong: { verb: "get", judged: "open" },
	watchWukong: { verb: "watch", judged: "open" },
};
