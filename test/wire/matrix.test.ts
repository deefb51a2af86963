import { expect, test } from "vitest";
import { createCertificateFiles } from "../support/certificate.ts";
import { embeddedStage } from "./embedded-stage.ts";
import { describeWires, transcriptOf } from "./wire-suite.ts";

describeWires("the same answers on every wire", embeddedStage);

test("the answers themselves are as checked in", async () => {
	const certificate = await createCertificateFiles();
	const { answers, events } = await transcriptOf(embeddedStage, certificate);
	await certificate.remove();
	expect(answers).toMatchSnapshot();
	expect(events).toMatchSnapshot();
});
