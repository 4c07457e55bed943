// Starts a whole fleet (its own PostgreSQL, Redis, server, workers) in a temporary home, and stops it by its pid.
//
//   const fleet = await startFleet({ threads: 1, seedReports: 200 });
//   await fleet.ask('query { viewer { name } }', {}, 'manager');
//   await fleet.stop();           // throws when a log holds an assert or a sanitizer's report
//
// Nothing here needs a package: Node.js 18 brings fetch, FormData and Blob.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, lstatSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');

// What no log may hold, whatever the test did.
const fatal = /runtime error:|AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehavior|Assertion .* failed|stack smashing|double free|PANIC:|TRAP:/;

export function makeHome() {
	const folder = mkdtempSync(join(tmpdir(), 'fleet-test-'));
	chmodSync(folder, 0o711); // started as root, fleet becomes another user, who has to get in
	return join(folder, 'home');
}

function removeHome(home) {
	let target = home;
	try {
		if (lstatSync(home).isSymbolicLink()) target = readlinkSync(home);
	} catch { /* never made */ }
	rmSync(target, { recursive: true, force: true });
	rmSync(dirname(home), { recursive: true, force: true });
}

export async function startFleet(options = {}) {
	const home = options.home ?? makeHome();
	const args = ['up', '--json', '--home', home, '--port', String(options.port ?? 0), '--seed-reports', String(options.seedReports ?? 200),
		'--demo-photos', String(options.demoPhotos ?? 0), '--threads', String(options.threads ?? 1), ...(options.args ?? [])];
	const child = spawn(options.program ?? program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } });
	const fleet = new Fleet(child, home, options);
	await fleet.waitReady(options.readyMs ?? 90000);
	return fleet;
}

class Fleet {
	constructor(child, home, options) {
		this.child = child;
		this.home = home;
		this.keepHome = options.keepHome ?? options.home !== undefined;
		this.notes = '';
		this.output = '';
		child.stderr.on('data', (bytes) => { this.notes += bytes; });
		this.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
	}

	async waitReady(limitMs) {
		const line = new Promise((resolve) => {
			this.child.stdout.on('data', (bytes) => {
				this.output += bytes;
				if (this.output.includes('\n')) resolve(this.output);
			});
		});
		let timer;
		const late = new Promise((resolve) => { timer = setTimeout(() => resolve(null), limitMs); });
		const text = await Promise.race([line, this.ended.then(() => null), late]);
		clearTimeout(timer);
		if (text === null) {
			const logs = this.logTail();
			await this.kill();
			throw new Error(`fleet did not become ready in ${limitMs} ms:\n${this.notes}\n${logs}`);
		}
		Object.assign(this, JSON.parse(text.split('\n')[0]));
	}

	// The processes of this fleet by name: up, serve, work, postgres, redis.
	pids() {
		const found = { up: this.child.pid };
		for (const pid of childrenOf(this.child.pid)) {
			const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
			const name = line[1] === 'serve' || line[1] === 'work' ? line[1] : basename(line[0]).startsWith('postgres') ? 'postgres'
				: line[0].includes('redis') ? 'redis' : null;
			if (name) found[name] = pid;
		}
		return found;
	}

	// One operation; returns { status, body }. files: [{ name, bytes, type }] for variables.input.photos.
	async ask(query, variables = {}, caller = 'manager', files = null) {
		const headers = { accept: 'application/graphql-response+json' };
		const token = this.tokens[caller] ?? (caller && caller.includes('.') ? caller : null);
		if (token) headers.authorization = `Bearer ${token}`;
		let body;
		if (files) {
			body = new FormData();
			body.set('operations', JSON.stringify({ query, variables }));
			body.set('map', JSON.stringify(Object.fromEntries(files.map((file, i) => [String(i), [file.at ?? `variables.input.photos.${i}`]]))));
			files.forEach((file, i) => body.set(String(i), new Blob([file.bytes], { type: file.type ?? 'image/jpeg' }), file.name));
		} else {
			headers['content-type'] = 'application/json';
			body = JSON.stringify({ query, variables });
		}
		const answer = await fetch(`${this.url}/graphql`, { method: 'POST', headers, body });
		return { status: answer.status, body: await answer.json() };
	}

	async metric(name) {
		const text = await (await fetch(`${this.url}/metrics`)).text();
		const line = text.split('\n').find((row) => row.startsWith(`${name} `));
		if (!line) throw new Error(`/metrics has no ${name}`);
		return Number(line.split(' ')[1]);
	}

	logs() {
		const folder = join(this.home, 'log');
		if (!existsSync(folder)) return [];
		return readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
	}

	logTail() {
		return this.logs().map(({ name, text }) => `--- ${name}\n${text.split('\n').slice(-15).join('\n')}`).join('\n');
	}

	checkLogs() {
		for (const { name, text } of this.logs()) {
			const line = text.split('\n').find((row) => fatal.test(row));
			if (line) throw new Error(`${name}: ${line}`);
		}
		if (fatal.test(this.notes)) throw new Error(this.notes);
	}

	async stop() {
		if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
		const timer = setTimeout(() => this.child.kill('SIGKILL'), 40000);
		const { code, signal } = await this.ended;
		clearTimeout(timer);
		try {
			this.checkLogs();
			if (code !== 0) throw new Error(`fleet up ended with ${signal ?? code}:\n${this.notes}\n${this.logTail()}`);
		} finally {
			if (!this.keepHome) removeHome(this.home);
		}
	}

	async kill() {
		this.child.kill('SIGKILL');
		await this.ended;
		if (!this.keepHome) removeHome(this.home);
	}

	removeHome() {
		removeHome(this.home);
	}
}

export function childrenOf(pid) {
	const found = [];
	for (const entry of readdirSync('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		try {
			const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
			if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) found.push(Number(entry));
		} catch { /* gone meanwhile */ }
	}
	return found;
}

// Until check() gives something true, or the limit passes. For things that have no event to wait for.
export async function until(what, check, limitMs = 20000) {
	const end = Date.now() + limitMs;
	let last;
	for (;;) {
		try {
			const value = await check();
			if (value) return value;
		} catch (error) {
			last = error;
		}
		if (Date.now() > end) throw new Error(`${what}: not within ${limitMs} ms${last ? ` (${last.message})` : ''}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

// The runner of the suites that are written in JavaScript: prints one line a test, then 'N passed, N failed'.
export async function runTests(tests) {
	let passed = 0;
	const failed = [];
	for (const { name, run } of tests) {
		const start = Date.now();
		try {
			await run();
			passed++;
			console.log(`ok      ${name} (${Date.now() - start} ms)`);
		} catch (error) {
			failed.push(name);
			console.log(`FAILED  ${name}\n${String(error.stack ?? error).split('\n').map((line) => `        ${line}`).join('\n')}`);
		}
	}
	console.log(`${passed} passed, ${failed.length} failed`);
	return failed.length === 0;
}
