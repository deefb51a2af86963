import { expect, test } from "vitest";
import { bindGetRequest } from "../../../../../server/src/rpc/protocol/connect/get-request.ts";

test.each([
	"encoding=json&message=%7B%7D",
	"encoding=json&message=%7B%7D&connect=v1&other=1",
	"encoding=proto&message=&base64=1",
	"encoding=proto&message=CgFh&base64=1",
	"encoding=proto&message=CgFhYg&base64=1",
	"encoding=proto&message=CgFhYg%3D%3D&base64=1",
	"encoding=proto&message=-_%2B/&base64=1",
])("%s is fit", (query) => {
	expect(bindGetRequest(query)).toHaveProperty("message", expect.any(Buffer));
});

test.each(["message=%7B%7D", "encoding=xml&message=%7B%7D"])(
	"%s: no such content type",
	(query) => {
		expect(bindGetRequest(query)).toMatchObject({ cause: "content_type", httpStatus: 415 });
	},
);

test.each([
	["encoding=json&encoding=proto&message=", "encoding"],
	["encoding=json", "message"],
	["encoding=json&message=a&message=b", "message"],
	["encoding=json&message=a&connect=v2", "connect"],
	["encoding=json&message=a&base64=2", "base64"],
	["encoding=proto&message=!!!&base64=1", "message"],
	["encoding=proto&message=CgFhY&base64=1", "message"],
	["encoding=proto&message=CgFhYg%3D&base64=1", "message"],
])("%s is at fault: %s", (query, name) => {
	const fault = bindGetRequest(query);
	expect(fault).toMatchObject({ message: expect.stringContaining(`"${name}"`) });
});
