// A panel of GraphiQL that shows how the server executed the last operation: its waves, the calls of each and their SQL.
// The server tells it only to those who may see it; the panel then shows the server's refusal in the answer.
import type { GraphiQLPlugin } from "@graphiql/react";
import { createElement as h, useSyncExternalStore } from "react";

interface Statement { name: string; text?: string; rows: number; micros: number }
interface Call { wave: number; field: string; parents: number; startMicros: number; micros: number; error?: string; sql: Statement[] }
interface Explanation {
	operation: string;
	cached: boolean;
	micros: { prepare: number; execute: number; write: number };
	calls: Call[];
}

interface State { wanted: boolean; last: Explanation | null }

let state: State = { wanted: false, last: null };
const listeners = new Set<() => void>();

function change(next: Partial<State>): void {
	state = { ...state, ...next };
	listeners.forEach((listener) => listener());
}

export function explainHeaders(): Record<string, string> {
	return state.wanted ? { "fleet-explain": "1" } : {};
}

// The answer without the explanation, which goes to the panel.
export function noteExplanation(answer: { extensions?: { explain?: Explanation } & Record<string, unknown> }): unknown {
	const { explain, ...rest } = answer.extensions ?? {};
	if (!explain)
		return answer;
	change({ last: explain });
	return Object.keys(rest).length ? { ...answer, extensions: rest } : { ...answer, extensions: undefined };
}

const duration = (micros: number): string => micros < 1000 ? `${micros} µs` : `${(micros / 1000).toFixed(1)} ms`;

function CallRow({ call }: { call: Call }) {
	return h("li", { style: { marginBottom: "0.75em" } },
		h("strong", null, call.field), ` for ${call.parents}: ${duration(call.micros)}${call.error ? ` (${call.error})` : ""}`,
		...call.sql.map((statement, i) => h("details", { key: i },
			h("summary", null, `${statement.name}: ${statement.rows} rows, ${duration(statement.micros)}`),
			h("pre", { style: { whiteSpace: "pre-wrap" } }, statement.text ?? ""))));
}

function Shown({ explanation }: { explanation: Explanation }) {
	const { micros, calls } = explanation;
	const waves = [...new Set(calls.map(({ wave }) => wave))];
	return h("div", null,
		h("p", null, `${explanation.operation}, ${explanation.cached ? "prepared before" : `prepared in ${duration(micros.prepare)}`}, `
			+ `executed in ${duration(micros.execute)}, written in ${duration(micros.write)}`),
		...waves.map((wave) => h("section", { key: wave },
			h("h3", null, `Wave ${wave}`),
			h("ul", null, ...calls.filter((call) => call.wave === wave).map((call, i) => h(CallRow, { call, key: i }))))));
}

function Panel() {
	const { wanted, last } = useSyncExternalStore((listener) => {
		listeners.add(listener);
		return () => listeners.delete(listener);
	}, () => state);
	return h("div", null,
		h("div", { className: "graphiql-doc-explorer-title" }, "Explain"),
		h("label", null,
			h("input", { type: "checkbox", checked: wanted, onChange: (event) => change({ wanted: event.target.checked }) }),
			" explain what I run (managers and administrators)"),
		last ? h(Shown, { explanation: last }) : h("p", null, wanted ? "Run an operation." : ""));
}

function Icon() {
	return h("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
		h("path", { d: "M4 6h16M4 12h10M4 18h6M17 11l3 3-3 3" }));
}

export const explainPlugin: GraphiQLPlugin = { title: "Explain", icon: Icon, content: Panel };
