// A primary and its streaming replicas on one machine: sockets in a temporary folder, no TCP port, made by pg_basebackup.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childrenOf, until } from '../lib/fleet.mjs';

const run = promisify(execFile);
const bin = '/usr/lib/postgresql/15/bin';

// PostgreSQL refuses to run as root; `fleet` is the user that fleet itself takes then.
function owner() {
	if (process.getuid() !== 0) return {};
	const id = (flag) => Number(execFileSync('id', [flag, 'fleet'], { encoding: 'utf8' }));
	return { uid: id('-u'), gid: id('-g') };
}

export class Cluster {
	constructor(names) {
		this.folder = mkdtempSync(join(tmpdir(), 'fleet-replicas-'));
		this.owner = owner();
		chmodSync(this.folder, 0o755);
		this.socket = join(this.folder, 'run');
		mkdirSync(this.socket);
		if (this.owner.uid) for (const path of [this.folder, this.socket]) chownSync(path, this.owner.uid, this.owner.gid);
		this.ports = Object.fromEntries(names.map((name, i) => [name, 54321 + i])); // only names of sockets
	}

	tool(name, ...args) {
		return run(join(bin, name), args, { ...this.owner, cwd: this.folder });
	}

	data(name) {
		return join(this.folder, name);
	}

	// As FLEET_PG_URL and FLEET_PG_REPLICAS take it; of several servers, all of them.
	url(...names) {
		return `postgresql://fleet@/fleet?host=${names.map(() => this.socket).join(',')}&port=${names.map((name) => this.ports[name]).join(',')}`;
	}

	async start(name) {
		await this.tool('pg_ctl', '-D', this.data(name), '-o', `-p ${this.ports[name]}`, '-w', '-l', `${this.data(name)}.log`, 'start');
	}

	async makePrimary(name) {
		await this.tool('initdb', '-D', this.data(name), '-U', 'fleet', '-A', 'trust', '--no-sync', '--locale', 'C.UTF-8');
		appendFileSync(join(this.data(name), 'postgresql.conf'), `listen_addresses = ''\nunix_socket_directories = '${this.socket}'\n`
			+ 'fsync = off\nwal_keep_size = 256MB\nshared_buffers = 32MB\n');
		await this.start(name);
		await this.tool('createdb', '-h', this.socket, '-p', String(this.ports[name]), '-U', 'fleet', 'fleet');
	}

	// It follows whichever of all servers takes writes.
	async makeReplica(name, from) {
		const all = Object.values(this.ports);
		await this.tool('pg_basebackup', '-h', this.socket, '-p', String(this.ports[from]), '-U', 'fleet', '-D', this.data(name), '-X', 'stream', '-c', 'fast', '--no-sync');
		const follow = `host=${all.map(() => this.socket).join(',')} port=${all.join(',')} user=fleet target_session_attrs=read-write`;
		await this.write(join(this.data(name), 'standby.signal'), '');
		appendFileSync(join(this.data(name), 'postgresql.conf'), `primary_conninfo = '${follow}'\nwal_retrieve_retry_interval = 200ms\n`);
		await this.start(name);
	}

	async write(path, text) {
		writeFileSync(path, text);
		if (this.owner.uid) chownSync(path, this.owner.uid, this.owner.gid);
	}

	async sql(name, text) {
		return (await this.tool('psql', '-h', this.socket, '-p', String(this.ports[name]), '-U', 'fleet', '-d', 'fleet', '-v', 'ON_ERROR_STOP=1', '-Atc', text)).stdout.trim();
	}

	async pause(name) {
		await this.sql(name, 'SELECT pg_wal_replay_pause()');
		await until(`${name} has paused`, async () => (await this.sql(name, 'SELECT pg_get_wal_replay_pause_state()')) === 'paused');
	}

	async resume(name) {
		await this.sql(name, 'SELECT pg_wal_replay_resume()');
	}

	pid(name) {
		return Number(readFileSync(join(this.data(name), 'postmaster.pid'), 'utf8').split('\n')[0]);
	}

	// As when the machine goes: no last word to anybody. Its backends end when they see that it is gone.
	async kill(name) {
		const pid = this.pid(name), all = [pid, ...childrenOf(pid)];
		process.kill(pid, 'SIGKILL');
		await until(`${name} is gone`, () => all.every((one) => !existsSync(`/proc/${one}`)));
	}

	// It holds its connections and says nothing, as a machine whose disk hangs.
	signal(name, signal) {
		const pid = this.pid(name);
		for (const one of [pid, ...childrenOf(pid)]) process.kill(one, signal);
	}

	async stop() {
		for (const name of Object.keys(this.ports)) {
			if (!existsSync(join(this.data(name), 'postmaster.pid'))) continue;
			await this.tool('pg_ctl', '-D', this.data(name), '-m', 'immediate', '-w', 'stop').catch(() => { /* killed by a test */ });
		}
		rmSync(this.folder, { recursive: true, force: true });
	}
}
