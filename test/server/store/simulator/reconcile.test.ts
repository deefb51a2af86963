import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reconcile } from "../../../../server/src/store/simulator/reconcile.ts";
import { createLife, startMs, timings } from "./life.ts";

describe("power", () => {
	test("a new VM is Pending, Creating, then Running, each for its time", () => {
		const life = createLife();
		life.pass(60_000);
		expect(life.steps).toEqual(["Pending@0", "Creating@100", "Running@1100"]);
	});

	test("a new VM that is wanted off stops as soon as its volumes are there", () => {
		const life = createLife({ startStrategy: { autoStart: false } });
		life.pass(60_000);
		expect(life.steps).toEqual(["Pending@0", "Stopped@100"]);
	});

	test("a VM at rest needs no wake-up", () => {
		const life = createLife();
		life.pass(2_000);
		expect(reconcile(life.wukong, startMs + 2_000, timings).wakeAtMs).toBeUndefined();
		life.turn("off");
		life.pass(2_000);
		expect(reconcile(life.wukong, startMs + 4_000, timings).wakeAtMs).toBeUndefined();
	});

	test("a running VM that is wanted off shuts down first, then starts again when asked", () => {
		const life = createLife();
		life.pass(2_000);
		life.turn("off");
		expect(life.phase).toBe("Running");
		life.pass(1_000);
		life.turn("on");
		life.pass(2_000);
		expect(life.steps.slice(3)).toEqual(["Stopped@2500", "Creating@3000", "Running@4000"]);
	});

	test("a wish that flips while the VM shuts down lets it run on", () => {
		const life = createLife();
		life.pass(2_000);
		life.turn("off");
		life.pass(499);
		life.turn("on");
		life.pass(10_000);
		expect(life.phase).toBe("Running");
		expect(life.condition("Ready").status).toBe("True");
		expect(life.steps).toHaveLength(3);
	});

	test("a wish that flips while the VM is created stops it without a run", () => {
		const life = createLife();
		life.pass(500);
		life.turn("off");
		life.pass(10_000);
		expect(life.steps).toEqual(["Pending@0", "Creating@100", "Stopped@500"]);
	});

	test("each start takes its full time, however often the wish flips", () => {
		const life = createLife();
		life.pass(1_099);
		life.turn("off");
		life.turn("on");
		life.pass(999);
		expect(life.phase).toBe("Creating");
		life.pass(1);
		expect(life.phase).toBe("Running");
	});
});

describe("deletion", () => {
	test("stops a running VM, cleans up, and lets it go", () => {
		const life = createLife();
		life.pass(2_000);
		life.remove();
		life.pass(10_000);
		expect(life.steps.slice(3)).toEqual(["Stopped@2500", "gone@2700"]);
	});

	test("of a VM that does not run goes without a shutdown", () => {
		const life = createLife();
		life.remove();
		life.pass(10_000);
		expect(life.steps).toEqual(["Pending@0", "Stopped@0", "gone@200"]);
	});

	test("of a VM that stopped long ago still takes the time to clean up", () => {
		const life = createLife({ startStrategy: { autoStart: false } });
		life.pass(60_000);
		life.remove();
		life.pass(199);
		expect(life.gone).toBe(false);
		life.pass(1);
		expect(life.gone).toBe(true);
	});

	test("does not wait for a storage class that does not exist", () => {
		const life = createLife({ disks: [{ name: "root", size: "1Gi", storageClassName: "nope" }] });
		life.remove();
		life.pass(10_000);
		expect(life.gone).toBe(true);
	});

	test("cannot be undone by the power wish", () => {
		const life = createLife();
		life.pass(2_000);
		life.remove();
		life.turn("on");
		life.pass(10_000);
		expect(life.gone).toBe(true);
	});
});

describe("an unknown storage class", () => {
	const disks = [
		{ name: "root", size: "1Gi" },
		{ name: "data", size: "1Gi", storageClassName: "nope" },
	];

	test("ends in Error, with a condition that says why", () => {
		const life = createLife({ disks });
		life.pass(10_000);
		expect(life.phase).toBe("Error");
		expect(life.condition("VolumesBound")).toMatchObject({
			status: "False",
			reason: "StorageClassNotFound",
		});
		const why = life.wukong.status?.conditions.find(({ type }) => type === "VolumesBound");
		expect(why?.message).toBe('disk "data": storage class "nope" does not exist');
		expect(life.wukong.status?.volumes.map(({ bound }) => bound)).toEqual([false, false]);
	});

	test("is recovered from when the class is corrected", () => {
		const life = createLife({ disks });
		life.pass(10_000);
		life.edit({ disks: disks.map((disk) => ({ ...disk, storageClassName: "standard" })) });
		life.pass(10_000);
		expect(life.steps).toEqual(["Error@0", "Pending@10000", "Creating@10100", "Running@11100"]);
		expect(life.condition("VolumesBound").status).toBe("True");
	});

	test("is known once the operator's options name it", () => {
		const life = createLife({ disks });
		const options = { ...timings, storageClasses: ["nope"] };
		expect(reconcile(life.wukong, startMs, options).status.phase).toBe("Pending");
	});
});

describe("what is observed", () => {
	const networks = [
		{ name: "default" },
		{ name: "lan", ipConfig: { mode: "static", address: "192.168.7.9/24" } },
		{ name: "san", nadName: "storage-net", ipConfig: { mode: "dhcp" } },
	];

	test("networks have interface, addresses and attachment, an IP address only while running", () => {
		const life = createLife({ networks });
		life.pass(500);
		expect(life.wukong.status?.networks.map(({ ipAddress }) => ipAddress)).toEqual(["", "", ""]);
		life.pass(1_000);
		const [pod, lan, san] = life.wukong.status?.networks ?? [];
		expect(pod).toMatchObject({ name: "default", interface: "eth0", nadName: "" });
		expect(pod?.ipAddress).toMatch(/^10\.\d+\.\d+\.\d+$/);
		expect(pod?.macAddress).toMatch(/^02(:[0-9a-f]{2}){5}$/);
		expect(lan).toMatchObject({ ipAddress: "192.168.7.9", nadName: "vm-lan-nad" });
		expect(san).toMatchObject({ interface: "eth2", nadName: "storage-net" });
		expect(new Set([pod, lan, san].map((network) => network?.macAddress)).size).toBe(3);
	});

	test("addresses stay over a restart of the VM", () => {
		const life = createLife({ networks });
		life.pass(2_000);
		const before = life.wukong.status?.networks;
		life.turn("off");
		life.pass(2_000);
		life.turn("on");
		life.pass(2_000);
		expect(life.wukong.status?.networks).toEqual(before);
	});

	test("volumes have claims, sizes and are bound from Creating on", () => {
		const life = createLife();
		const volume = { name: "root", pvcName: "vm-root", size: "20Gi" };
		expect(life.wukong.status?.volumes[0]).toMatchObject({ ...volume, bound: false });
		life.pass(100);
		expect(life.wukong.status?.volumes[0]).toMatchObject({ ...volume, bound: true });
	});

	test("the VM's name is there from the start, its node from Creating on and for good", () => {
		const life = createLife();
		expect(life.wukong.status).toMatchObject({ vmName: "vm-vm", nodeName: "" });
		life.pass(2_000);
		const node = life.wukong.status?.nodeName;
		expect(node).toMatch(/^node-[123]$/);
		life.turn("off");
		life.pass(2_000);
		expect(life.wukong.status?.nodeName).toBe(node);
	});

	test("follows a change of spec without a restart, and says of which generation it speaks", () => {
		const life = createLife({ networks });
		life.pass(2_000);
		life.edit({ networks: networks.slice(0, 1), disks: [{ name: "root", size: "40Gi" }] });
		expect(life.phase).toBe("Running");
		expect(life.wukong.status?.networks).toHaveLength(1);
		expect(life.wukong.status?.volumes[0]?.size).toBe("40Gi");
		for (const type of ["Ready", "NetworksConfigured", "VolumesBound"]) {
			expect(life.condition(type)).toMatchObject({ status: "True", generation: 2 });
		}
	});

	test("a condition keeps the time of its last transition while its status stays", () => {
		const life = createLife();
		life.pass(5_000);
		life.edit({ osImage: "debian" });
		expect(life.condition("Ready").sinceMs).toBe(1_100);
		expect(life.condition("VolumesBound").sinceMs).toBe(100);
	});
});

describe("whatever happens", () => {
	test("a wall clock that is set back does not hold a VM in its step", () => {
		const life = createLife();
		life.stepClock(-3_600_000);
		life.pass(2_000);
		expect(life.phase).toBe("Running");
	});

	test("a phase that the operator does not know is begun anew", () => {
		const life = createLife();
		const strange = { ...life.wukong, status: { ...life.wukong.status, phase: "Melting" } };
		expect(reconcile(strange as typeof life.wukong, startMs, timings).status.phase).toBe("Pending");
	});

	test("looking again at the same time finds nothing new", () => {
		const life = createLife();
		for (const ms of [0, 100, 500, 1_000]) {
			life.pass(ms);
			expect(reconcile(life.wukong, life.nowMs, timings).status).toBe(life.wukong.status);
		}
	});

	test("a VM comes to rest where it is wanted (property)", () => {
		const event = fc.oneof(
			fc.record({ kind: fc.constant("pass"), ms: fc.integer({ min: 0, max: 1_500 }) }),
			fc.record({ kind: fc.constantFrom("on", "off", "break", "mend"), ms: fc.constant(0) }),
		);
		fc.assert(
			fc.property(fc.array(event, { maxLength: 30 }), fc.boolean(), (events, remove) => {
				const life = createLife();
				let [on, broken] = [true, false];
				for (const { kind, ms } of events) {
					if (kind === "pass") life.pass(ms);
					if (kind === "on" || kind === "off") life.turn(kind);
					if (kind === "on" || kind === "off") on = kind === "on";
					if (kind === "break" || kind === "mend") {
						broken = kind === "break";
						const storageClassName = broken ? "nope" : "";
						life.edit({ disks: [{ name: "root", size: "20Gi", storageClassName }] });
					}
				}
				if (remove) life.remove();
				life.pass(10_000);
				expect(life.gone).toBe(remove);
				const rest = on ? "Running" : "Stopped";
				if (!remove) expect(life.phase).toBe(broken ? "Error" : rest);
			}),
		);
	});
});
