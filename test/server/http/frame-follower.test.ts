import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameFollower } from "../../../server/src/http/frame-follower.ts";
import { createClientFrame } from "../../support/raw-websocket.ts";
import { testSeed } from "../../support/seed.ts";

/** Messages of one or several frames, with control frames between them. */
const anyMessage = fc
	.array(fc.constantFrom(0, 1, 125, 126, 127, 300, 65_535, 65_536), {
		minLength: 1,
		maxLength: 4,
	})
	.chain((lengths) =>
		fc.record({
			lengths: fc.constant(lengths),
			pings: fc.array(fc.boolean(), { minLength: lengths.length, maxLength: lengths.length }),
			isMasked: fc.boolean(),
		}),
	)
	.map(({ lengths, pings, isMasked }) =>
		lengths.flatMap((length, at) => {
			const isFinal = at === lengths.length - 1;
			const opcode = at === 0 ? 1 : 0;
			const frame = createClientFrame(Buffer.alloc(length), { opcode, isFinal, isMasked });
			return pings[at] ? [frame, createClientFrame("ping", { opcode: 9 })] : [frame];
		}),
	);

test("a message is under way between its first byte and its last, in whatever pieces it comes (RFC 6455, 5.2)", () => {
	fc.assert(
		fc.property(
			fc.array(anyMessage, { minLength: 1, maxLength: 4 }),
			fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 20 }),
			(messages, sizes) => {
				const bytes = Buffer.concat(messages.flat());
				// Places at which nothing is under way: behind a message, and behind what follows it.
				const rests = new Set([0]);
				let at = 0;
				for (const frames of messages) {
					let isWhole = false;
					for (const frame of frames) {
						at += frame.byteLength;
						isWhole ||= ((frame[0] as number) & 0x8f) < 0x88 && (frame[0] as number) >= 0x80;
						if (isWhole) rests.add(at);
					}
				}
				const follower = new FrameFollower();
				for (let start = 0, turn = 0; start < bytes.byteLength; turn++) {
					const end = Math.min(start + (sizes[turn % sizes.length] ?? 1), bytes.byteLength);
					const hasEnded = follower.follow(bytes.subarray(start, end));
					const passed = [...rests].some((rest) => rest > start && rest <= end);
					expect([follower.isWithin, hasEnded]).toEqual([!rests.has(end), passed]);
					start = end;
				}
			},
		),
		{ seed: testSeed, numRuns: 200 },
	);
});
