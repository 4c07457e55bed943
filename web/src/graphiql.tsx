// The API explorer, from npm and served by us. It asks with the session of the page and subscribes by our own socket.
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { explainPlugin, noteExplanation, explainHeaders } from "./lib/explain";
import { createRoot } from "react-dom/client";
import { Live } from "./lib/live";
import "graphiql/graphiql.css";

interface Params { query: string; variables?: object; operationName?: string | null }

let live: Live | null = null;

function subscribe(params: Params) {
	live ??= new Live(() => undefined);
	const socket = live;
	return {
		subscribe(observer: { next(value: unknown): void }) {
			const stop = socket.subscribe(params.query, params.variables ?? {}, (data) => observer.next({ data }));
			return { unsubscribe: stop };
		},
	};
}

async function post(params: Params): Promise<unknown> {
	const reply = await fetch("/graphql", {
		method: "POST",
		headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json", ...explainHeaders() },
		body: JSON.stringify(params),
	});
	return noteExplanation(await reply.json());
}

function isSubscription(params: Params): boolean {
	const name = params.operationName;
	return new RegExp(name ? `\\bsubscription\\s+${name}\\b` : "^\\s*subscription\\b", "m").test(params.query);
}

const welcome = `# The newest reports of your company.
query Newest {
  damageReports(first: 5) {
    nodes {
      number
      status
      severity
      vehicle { name }
      assessment { severityConfidence cost { likely { amount currency } } }
    }
  }
}

# Open the page of a vehicle, file a report and watch it arrive here.
subscription Watch {
  damageReportUpdated { eventId kind report { number status severity } }
}
`;

createRoot(document.getElementById("app") as HTMLElement).render(createElement(GraphiQL, {
	fetcher: ((params: Params) => isSubscription(params) ? subscribe(params) : post(params)) as never,
	plugins: [explainPlugin],
	defaultQuery: welcome,
	defaultEditorToolsVisibility: true,
}));
