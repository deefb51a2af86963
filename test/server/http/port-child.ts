// A port in a process of its own, for tests that ask whether the process lives on. Prints its number.
import { systemClock } from "../../../server/src/clock.ts";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import { createTextPage } from "../../../server/src/port/assets.ts";
import { silentObserver } from "../../../server/src/port/observer.ts";
import { createPort } from "../../../server/src/port/port.ts";

const livez = createTextPage("/livez", () => ({
	status: 200,
	contentType: "text/plain",
	body: "ok\n",
}));
const port = createPort({
	host: "127.0.0.1",
	port: 0,
	services: [],
	refusalDetails: () => [],
	interceptors: [],
	limits: defaultLimits,
	tls: undefined,
	allowedHosts: [],
	allowedOrigins: [],
	assets: [livez],
	clock: systemClock,
	observer: silentObserver,
});
const { port: number } = await port.listen();
console.log(number);
