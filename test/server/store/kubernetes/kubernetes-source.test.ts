import { describeSource } from "../source-contract.ts";
import { startKubernetes } from "./harness.ts";

describeSource("the Kubernetes store", () => startKubernetes());
