// Photos of damaged vehicles, drawn anew for each run by tools/picture: [[name, bytes], …].
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scenes = [
	["side.jpg", ["--view", "side", "--part", "door", "--damage", "dent", "--strength", "0.8"]],
	["close.jpg", ["--view", "side", "--part", "door", "--damage", "scratch", "--zoom", "3"]],
	["rear.jpg", ["--view", "rear", "--part", "light", "--damage", "broken"]],
];

export function makePictures(program) {
	const folder = mkdtempSync(join(tmpdir(), "fleet-pictures-"));
	try {
		return scenes.map(([name, args], i) => {
			const path = join(folder, name);
			execFileSync(program, ["--seed", String(Date.now() % 1e6 * 10 + i), "--vehicle", "van", "--size", "1200x900", ...args, path]);
			return [name, readFileSync(path)];
		});
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
