// grpc-js, the gRPC library of Node, with the same generated messages as ours: it encodes an
// answer for each call, and an event for each stream.
import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
	type handleServerStreamingCall,
	type handleUnaryCall,
	Server,
	ServerCredentials,
	type ServerWritableStream,
} from "@grpc/grpc-js";
import {
	type GetWukongRequest,
	type GetWukongResponse,
	type ListWukongsRequest,
	type ListWukongsResponse,
	type WatchWukongRequest,
	type WukongEvent,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { getAnswers } from "../payload/get-answers.ts";
import { readPayload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";
import { onBurst } from "./control.ts";

const { list, synced, changed } = readPayload(process.argv[2] ?? "");
const gets = getAnswers(list);
const { getWukong, listWukongs, watchWukong } = WukongService.method;

function define({ name, input, output, methodKind }: DescMethod) {
	return {
		path: procedure(name as Parameters<typeof procedure>[0]),
		requestStream: false,
		responseStream: methodKind === "server_streaming",
		requestSerialize: (message: Message) => Buffer.from(toBinary(input, message)),
		requestDeserialize: (bytes: Uint8Array) => fromBinary(input, bytes),
		responseSerialize: (message: Message) => Buffer.from(toBinary(output, message)),
		responseDeserialize: (bytes: Uint8Array) => fromBinary(output, bytes),
	};
}

type Reader = ServerWritableStream<WatchWukongRequest, WukongEvent>;
const readers = new Set<Reader>();
onBurst((places) => {
	const events = places.flatMap((place) => changed[place] ?? []);
	for (const reader of readers) {
		for (const event of events) reader.write(event);
	}
}, changed.length);

const onGet: handleUnaryCall<GetWukongRequest, GetWukongResponse> = ({ request }, answer) =>
	answer(null, gets.get(request.name) ?? null);
const onList: handleUnaryCall<ListWukongsRequest, ListWukongsResponse> = (_call, answer) =>
	answer(null, list);
const onWatch: handleServerStreamingCall<WatchWukongRequest, WukongEvent> = (reader) => {
	reader.write(synced);
	readers.add(reader);
	reader.on("close", () => readers.delete(reader));
	reader.on("cancelled", () => readers.delete(reader));
};

const server = new Server();
server.addService(
	{
		getWukong: define(getWukong),
		listWukongs: define(listWukongs),
		watchWukong: define(watchWukong),
	},
	{ getWukong: onGet, listWukongs: onList, watchWukong: onWatch },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
	if (error !== null) throw error;
	process.stdout.write(`http1 http://127.0.0.1:${port}\nhttp2 http://127.0.0.1:${port}\n`);
});
