import { firefox } from "./firefox-engine.ts";
import { runLiveScenarios } from "./live-scenarios.ts";

runLiveScenarios(firefox);
