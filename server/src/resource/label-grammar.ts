/**
 * Label keys and values as Kubernetes has them.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
const name = /^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/;
const prefixPart = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** What {@link isLabelKey} takes, for people. */
export const labelKeyWords =
	"a label key: a name of at most 63 characters, before it perhaps a DNS name of at most 253 and a slash";

/** What {@link isLabelValue} takes, for people. */
export const labelValueWords =
	"a label value: empty, or at most 63 letters, digits, `-`, `_` and `.` that begin and end with a letter or digit";

/** True for a label key: a name, or a DNS subdomain, a slash and a name. */
export function isLabelKey(text: string): boolean {
	const slash = text.indexOf("/");
	if (slash < 0) return name.test(text);
	const prefix = text.slice(0, slash);
	return (
		prefix.length <= 253 &&
		prefix.split(".").every((part) => prefixPart.test(part)) &&
		name.test(text.slice(slash + 1))
	);
}

/** True for a label value: empty, or at most 63 characters. */
export function isLabelValue(text: string): boolean {
	return text === "" || name.test(text);
}

/** True for an annotation's key: a label key, but Kubernetes takes a prefix in capitals too. */
export function isAnnotationKey(text: string): boolean {
	return isLabelKey(text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()));
}
