import { runLiveScenarios } from "./live-scenarios.ts";
import { webkit } from "./webkit-engine.ts";

runLiveScenarios(webkit);
