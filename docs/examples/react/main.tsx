// A live table of VMs with a button for each. The page calls its own origin, which is Vite's; Vite's
// proxy hands the calls on to the service.
import {
	createWukongClient,
	keyOf,
	WukongStatus_PowerState as PowerState,
	type Wukong,
} from "@novasphere/wukong-client";
import { useWukongAction, useWukongs, WukongProvider } from "@novasphere/wukong-client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const client = createWukongClient();

function Row({ vm }: { readonly vm: Wukong }) {
	const power = vm.status?.powerState ?? PowerState.UNKNOWN;
	const isOn = power === PowerState.RUNNING || power === PowerState.STARTING;
	const action = useWukongAction(isOn ? "stop" : "start");
	return (
		<tr>
			<td>{vm.namespace}</td>
			<td>{vm.name}</td>
			<td>{PowerState[power]}</td>
			<td>
				<button type="button" disabled={action.pending} onClick={() => action.run(vm)}>
					{isOn ? "Stop" : "Start"}
				</button>
				{action.error === undefined ? "" : String(action.error)}
			</td>
		</tr>
	);
}

function App() {
	const { items, status, error } = useWukongs();
	return (
		<>
			<p id="status">{status}</p>
			{status === "failed" && <p role="alert">{String(error)}</p>}
			<table>
				<tbody>
					{items.map((vm) => (
						<Row key={keyOf(vm)} vm={vm} />
					))}
				</tbody>
			</table>
		</>
	);
}

const root = document.getElementById("root");
if (root !== null) {
	createRoot(root).render(
		<StrictMode>
			<WukongProvider client={client}>
				<App />
			</WukongProvider>
		</StrictMode>,
	);
}
