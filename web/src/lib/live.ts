// A client for graphql-transport-ws: one socket, any number of subscriptions, back by itself after a cut.
//
//   idle ── open ──► connecting ── connection_ack ──► live ── cut ──► waiting (0.5 s … 30 s) ──► connecting
//
// After each connection_ack every subscription is sent again, then a ping; with its pong the server hears for all of
// them and `onLive` runs: whoever shows data fetches then what was missed meanwhile. A repeat of an event is for the
// receiver to recognise (eventId).
import { signal } from "@preact/signals";

export type LiveState = "connecting" | "live" | "waiting" | "signed-out";

interface Subscription {
	query: string;
	variables: object;
	next(data: unknown): void;
}

interface Message {
	type: string;
	id?: string;
	payload?: { data?: unknown; errors?: { message: string }[] } & { message?: string }[];
}

const pingEveryMs = 20_000;
const answerWithinMs = 10_000;
const waitMaxMs = 30_000;

export class Live {
	readonly state = signal<LiveState>("connecting");
	private socket: WebSocket | null = null;
	private subscriptions = new Map<string, Subscription>();
	private lastId = 0;
	private cuts = 0;
	private retry = 0;
	private pinger = 0;
	private deadline = 0;
	private caughtUp = false;

	constructor(private onLive: () => void) {
		addEventListener("online", () => this.hurry());
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden)
				this.hurry();
		});
		this.open();
	}

	subscribe<T>(query: string, variables: object, next: (data: T) => void): () => void {
		const id = String(++this.lastId);
		this.subscriptions.set(id, { query, variables, next: next as (data: unknown) => void });
		if (this.state.peek() === "live")
			this.start(id);
		return () => {
			this.subscriptions.delete(id);
			if (this.state.peek() === "live")
				this.send({ id, type: "complete" });
		};
	}

	// Tries at once instead of waiting out the pause: the network or the reader came back.
	private hurry(): void {
		if (this.state.peek() !== "waiting")
			return;
		clearTimeout(this.retry);
		this.open();
	}

	private open(): void {
		this.state.value = "connecting";
		const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
			"graphql-transport-ws");
		this.socket = socket;
		socket.onopen = () => this.send({ type: "connection_init" });
		socket.onmessage = (event) => this.take(JSON.parse(event.data as string) as Message);
		socket.onclose = (event) => this.cut(socket, event.code);
		this.expectAnswer();
	}

	private take(message: Message): void {
		clearTimeout(this.deadline);
		switch (message.type) {
		case "connection_ack":
			this.cuts = 0;
			this.state.value = "live";
			this.pinger = window.setInterval(() => this.ping(), pingEveryMs);
			for (const id of this.subscriptions.keys())
				this.start(id);
			this.caughtUp = false;
			this.ping();
			break;
		case "pong":
			if (!this.caughtUp)
				this.onLive();
			this.caughtUp = true;
			break;
		case "ping":
			this.send({ type: "pong" });
			break;
		case "next":
			if (message.payload?.data)
				this.subscriptions.get(message.id ?? "")?.next(message.payload.data);
			break;
		case "error":
			console.warn("subscription refused", message.payload);
			this.subscriptions.delete(message.id ?? "");
			break;
		case "complete":
			this.subscriptions.delete(message.id ?? "");
			break;
		}
	}

	private cut(socket: WebSocket, code: number): void {
		if (socket !== this.socket)
			return;
		this.socket = null;
		clearInterval(this.pinger);
		clearTimeout(this.deadline);
		if (code === 4401 || code === 4403) {
			this.state.value = "signed-out";
			return;
		}
		this.state.value = "waiting";
		// A whole fleet of pages must not come back in the same second: half of the pause is chance.
		const pause = Math.min(waitMaxMs, 500 * 2 ** this.cuts++);
		this.retry = window.setTimeout(() => this.open(), pause / 2 + Math.random() * pause / 2);
	}

	private ping(): void {
		this.send({ type: "ping" });
		this.expectAnswer();
	}

	// A dead network gives no close event for minutes; silence is treated as a cut.
	private expectAnswer(): void {
		clearTimeout(this.deadline);
		const socket = this.socket;
		this.deadline = window.setTimeout(() => {
			if (!socket || socket !== this.socket)
				return;
			socket.close();
			this.cut(socket, 1006);
		}, answerWithinMs);
	}

	private start(id: string): void {
		const subscription = this.subscriptions.get(id);
		if (subscription)
			this.send({ id, type: "subscribe", payload: { query: subscription.query, variables: subscription.variables } });
	}

	private send(message: object): void {
		if (this.socket?.readyState === WebSocket.OPEN)
			this.socket.send(JSON.stringify(message));
	}
}

// Remembers the latest event ids: the relay may send one twice after it was killed.
export class Seen {
	private ids = new Set<string>();

	constructor(private max = 500) {}

	isRepeat(id: string): boolean {
		if (this.ids.has(id))
			return true;
		this.ids.add(id);
		if (this.ids.size > this.max)
			this.ids.delete(this.ids.values().next().value as string);
		return false;
	}
}
