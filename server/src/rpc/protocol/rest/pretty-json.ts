const quote = 0x22;
const backslash = 0x5c;

/** Indents JSON by two spaces, and changes nothing else: numbers keep their digits, names their order. */
export function indentJson(json: string): string {
	const parts: string[] = [];
	let depth = 0;
	let start = 0;
	const breakLine = (end: number) => {
		parts.push(json.slice(start, end), "\n", "  ".repeat(depth));
		start = end;
	};
	for (let at = 0; at < json.length; at++) {
		switch (json.charCodeAt(at)) {
			case quote:
				at = endOfString(json, at);
				break;
			case 0x7b:
			case 0x5b: {
				const isEmpty = json.charCodeAt(at + 1) === json.charCodeAt(at) + 2;
				if (isEmpty) at++;
				else {
					depth++;
					breakLine(at + 1);
				}
				break;
			}
			case 0x7d:
			case 0x5d:
				depth--;
				breakLine(at);
				break;
			case 0x2c:
				breakLine(at + 1);
				break;
			case 0x3a:
				parts.push(json.slice(start, at + 1), " ");
				start = at + 1;
		}
	}
	parts.push(json.slice(start), "\n");
	return parts.join("");
}

/** @param start place of its opening quote */
function endOfString(json: string, start: number): number {
	let at = start + 1;
	while (at < json.length && json.charCodeAt(at) !== quote) {
		at += json.charCodeAt(at) === backslash ? 2 : 1;
	}
	return at;
}
