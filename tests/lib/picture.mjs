// Photos for tests, drawn by tools/picture: nobody's real photo is in the repository.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { root } from './fleet.mjs';

const program = process.env.FLEET_PICTURE ?? join(root, 'build', 'tools', 'picture', 'picture');
const drawn = new Map();

// picture('door.jpg', '--seed 3 --part door'): the bytes; the name's ending decides the format.
export function picture(name, options = '') {
	const key = `${extname(name)} ${options}`;
	if (!drawn.has(key)) {
		const folder = mkdtempSync(join(tmpdir(), 'fleet-picture-'));
		const path = join(folder, `picture${extname(name)}`);
		try {
			execFileSync(program, [...options.split(' ').filter(Boolean), path]);
			drawn.set(key, readFileSync(path));
		} finally {
			rmSync(folder, { recursive: true });
		}
	}
	return drawn.get(key);
}
