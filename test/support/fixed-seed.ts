// Loaded before each test file: properties that name no seed of their own have the fixed one.
import fc from "fast-check";
import { testSeed } from "./seed.ts";

fc.configureGlobal({ seed: testSeed });
