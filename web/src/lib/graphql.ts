// One question to the API by POST; the session cookie says who asks.

export class ApiError extends Error {
	constructor(message: string, readonly code: string) {
		super(message);
	}
}

interface Answer<T> {
	data?: T | null;
	errors?: { message: string; extensions?: { code?: string } }[];
}

export function readAnswer<T>(answer: Answer<T>): T {
	const first = answer.errors?.[0];
	if (first)
		throw new ApiError(first.message, first.extensions?.code ?? "");
	if (!answer.data)
		throw new ApiError("The server gave an empty answer.", "");
	return answer.data;
}

export function toLogin(): void {
	location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

export async function ask<T>(query: string, variables: object = {}, signal?: AbortSignal): Promise<T> {
	let reply: Response;
	try {
		reply = await fetch("/graphql", {
			method: "POST",
			headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
			body: JSON.stringify({ query, variables }),
			signal: signal ?? null,
		});
	} catch (failure) {
		if (signal?.aborted)
			throw failure;
		throw new ApiError("The server cannot be reached. Check the connection and try again.", "OFFLINE");
	}
	if (reply.status === 401) {
		toLogin();
		throw new ApiError("You are signed out.", "UNAUTHENTICATED");
	}
	let answer: Answer<T>;
	try {
		answer = await reply.json() as Answer<T>;
	} catch {
		throw new ApiError(`The server answered ${reply.status} without saying why. Try again in a moment.`, "UNAVAILABLE");
	}
	return readAnswer(answer);
}
