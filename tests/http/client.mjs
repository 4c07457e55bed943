// A plain HTTP client that hides nothing: no cookies, no encodings and no headers but those asked for.
import { request } from 'node:http';

// { status, headers, bytes, body }: body is the parsed JSON, where it is JSON and not compressed.
export function send(url, { method = 'GET', headers = {}, body = '' } = {}) {
	return new Promise((resolve, reject) => {
		const call = request(url, { method, headers: body.length ? { ...headers, 'content-length': Buffer.byteLength(body) } : headers }, (reply) => {
			const chunks = [];
			reply.on('data', (chunk) => chunks.push(chunk));
			reply.on('error', reject);
			reply.on('end', () => {
				const bytes = Buffer.concat(chunks);
				const plain = !reply.headers['content-encoding'] && /json/.test(reply.headers['content-type'] ?? '') && bytes.length > 0;
				resolve({ status: reply.statusCode, headers: reply.headers, bytes, body: plain ? JSON.parse(bytes) : undefined });
			});
		});
		call.on('error', reject);
		call.end(body);
	});
}

export function client(fleet) {
	const token = (caller) => (caller ? { authorization: `Bearer ${fleet.tokens[caller]}` } : {});
	return {
		post: (body, { caller = 'manager', headers = {}, path = '/graphql' } = {}) => send(`${fleet.url}${path}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...token(caller), ...headers },
			body: typeof body === 'string' ? body : JSON.stringify(body),
		}),
		get: (query, { caller = 'manager', headers = {}, path = '/graphql' } = {}) => send(`${fleet.url}${path}?${new URLSearchParams(query)}`, {
			headers: { accept: 'application/graphql-response+json', ...token(caller), ...headers },
		}),
	};
}
