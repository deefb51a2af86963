import { chromium } from "./chromium-engine.ts";
import { runLiveScenarios } from "./live-scenarios.ts";

runLiveScenarios(chromium);
