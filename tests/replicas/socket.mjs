// One question over graphql-transport-ws, by a client of a few lines: text frames below 64 KiB, each in one piece. No package is needed.
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

function frame(message) {
	const text = Buffer.from(JSON.stringify(message)), mask = randomBytes(4);
	const head = text.length < 126 ? Buffer.from([0x81, 0x80 | text.length]) : Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 255]);
	return Buffer.concat([head, mask, text.map((byte, i) => byte ^ mask[i % 4])]);
}

// The first whole frame: { message, rest }, message null for what is no text.
function unframe(bytes) {
	if (bytes.length < 2) return null;
	const short = bytes[1] & 127, at = short === 126 ? 4 : 2;
	if (short === 127) throw new Error('a frame is too long for this client');
	if (bytes.length < at) return null;
	const length = short === 126 ? bytes.readUInt16BE(2) : short;
	if (bytes.length < at + length) return null;
	return { message: (bytes[0] & 15) === 1 ? JSON.parse(bytes.subarray(at, at + length)) : null, rest: bytes.subarray(at + length) };
}

// The answer's payload: { data, errors }.
export function askBySocket(url, token, query, variables, limitMs = 10000) {
	return new Promise((resolve, reject) => {
		const upgrade = request(`${url}/graphql`, { agent: false, headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
			'sec-websocket-key': randomBytes(16).toString('base64'), 'sec-websocket-protocol': 'graphql-transport-ws' } });
		const timer = setTimeout(() => upgrade.destroy(new Error('the socket gave no answer')), limitMs);
		upgrade.on('error', reject);
		upgrade.on('response', (answer) => reject(new Error(`no upgrade: ${answer.statusCode}`)));
		upgrade.on('upgrade', (_, socket) => {
			let bytes = Buffer.alloc(0);
			const end = (settle, value) => {
				clearTimeout(timer);
				socket.destroy();
				settle(value);
			};
			const take = (message) => {
				if (message?.type === 'connection_ack') socket.write(frame({ id: '1', type: 'subscribe', payload: { query, variables } }));
				else if (message?.type === 'next') end(resolve, message.payload);
				else if (message?.type === 'error') end(reject, new Error(JSON.stringify(message.payload)));
			};
			socket.on('error', (error) => end(reject, error));
			socket.on('close', () => end(reject, new Error('the socket was closed')));
			socket.on('data', (more) => {
				bytes = Buffer.concat([bytes, more]);
				for (let found; (found = unframe(bytes)); bytes = found.rest) take(found.message);
			});
			socket.write(frame({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
		});
		upgrade.end();
	});
}
