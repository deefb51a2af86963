import { standingOperator, startApp } from "../support/running-app.ts";
import type { WireStage } from "./wire-stage.ts";

/** The embedded store, in memory. */
export const embeddedStage: WireStage = {
	operated: true,
	start: async (flags) => ({
		app: await startApp(...standingOperator, ...flags),
		namespace: "default",
	}),
};
