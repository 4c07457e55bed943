// Builds the page: TypeScript, CSS and GraphQL documents become hashed files with brotli and gzip variants and a
// manifest, all under one folder that the server embeds.
//
//   node build.mjs [--out DIR] [--sizes]       after npm ci
//
// DIR/manifest.json      {"entries": {"dashboard": {"js": "/assets/…", "css": "/assets/…"}}, "files": [{path, file, type, variants}]}
// DIR/assets/NAME-HASH   served as they are, for ever
// DIR/NAME               served at the root of the site under that name: sw.js, icon.svg, manifest.webmanifest
// DIR/queries/NAME       the documents that the server runs for first screens, with their fragments inside
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const out = resolve(args.includes("--out") ? args[args.indexOf("--out") + 1] : join(here, "dist"));

const queriesFolder = join(here, "src", "queries");

// A document with the fragments it asks for by `#import "name.graphql"`, each once, without comments and indents.
export function readDocument(path, seen = new Set()) {
	if (seen.has(path))
		return "";
	seen.add(path);
	const text = readFileSync(path, "utf8");
	const imports = [...text.matchAll(/^#import "([^"]+)"$/gm)]
		.map((m) => readDocument(join(dirname(path), m[1]), seen));
	const own = text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#")).join("\n");
	return [...imports.filter(Boolean), own].join("\n");
}

const graphqlDocuments = {
	name: "graphql-documents",
	setup(build) {
		build.onLoad({ filter: /\.graphql$/ }, (found) => ({
			contents: `export default ${JSON.stringify(readDocument(found.path))};`,
			loader: "js",
		}));
	},
};

// GraphiQL's style sheet carries three fonts inside, 370 kB that the page does without: system fonts take their place.
const withoutFonts = {
	name: "without-fonts",
	setup(build) {
		build.onLoad({ filter: /graphiql\.css$/ }, (found) => ({
			contents: readFileSync(found.path, "utf8").replace(/@font-face\s*\{[^}]*\}/g, ""),
			loader: "css",
		}));
	},
};

const types = { ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".graphql": "text/plain; charset=utf-8",
	".png": "image/png" };

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

// Writes one file with its compressed variants; a variant that saves nothing is left out.
async function writeAsset(path, bytes) {
	const file = join(out, path);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, bytes);
	const variants = [];
	if (!path.endsWith(".png")) {
		const quality = bytes.length > 400_000 ? 9 : 11; // 11 takes seconds on the API explorer and saves little
		const br = await brotli(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: quality,
			[zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
		const gz = await gzip(bytes, { level: 9 });
		for (const [suffix, made] of [["br", br], ["gz", gz]]) {
			if (made.length < bytes.length * 0.95) {
				writeFileSync(`${file}.${suffix}`, made);
				variants.push(suffix);
			}
		}
	}
	const extension = path.slice(path.lastIndexOf("."));
	return { path: "/" + path, file: path, type: types[extension] ?? "application/octet-stream", variants };
}

async function build() {
	const { build: esbuild } = await import("esbuild");
	const entries = ["dashboard", "driver", "graphiql"];
	const result = await esbuild({
		absWorkingDir: here,
		entryPoints: [
			...entries.map((name) => ({ in: `src/${name}.tsx`, out: name })),
			{ in: "src/style/app.css", out: "app" },
		],
		bundle: true,
		minify: true,
		write: false,
		outdir: "assets",
		entryNames: "[name]-[hash]",
		format: "esm",
		target: ["chrome110", "firefox110", "safari16"],
		jsx: "automatic",
		jsxImportSource: "preact",
		legalComments: "none",
		define: { "process.env.NODE_ENV": '"production"' },
		plugins: [graphqlDocuments, withoutFonts],
		metafile: true,
		logLevel: "warning",
	});

	rmSync(out, { recursive: true, force: true });
	mkdirSync(out, { recursive: true });
	const manifest = { entries: {}, files: [] };
	for (const file of result.outputFiles) {
		const path = `assets/${basename(file.path)}`;
		manifest.files.push(await writeAsset(path, Buffer.from(file.contents)));
		const entry = basename(file.path).replace(/-[A-Z0-9]{8}\.(js|css)$/, "");
		const kind = file.path.endsWith(".css") ? "css" : "js";
		manifest.entries[entry] = { ...manifest.entries[entry], [kind]: "/" + path };
	}

	// Files whose address may not change: the worker must be served from the root to answer for every page.
	const worker = await esbuild({ absWorkingDir: here, entryPoints: ["src/sw.ts"], bundle: true, minify: true, write: false,
		format: "iife", target: ["chrome110", "firefox110", "safari16"], logLevel: "warning" });
	manifest.files.push(await writeAsset("sw.js", Buffer.from(worker.outputFiles[0].contents)));
	for (const name of readdirSync(join(here, "src", "root")))
		manifest.files.push(await writeAsset(name, readFileSync(join(here, "src", "root", name))));

	for (const name of readdirSync(queriesFolder)) {
		mkdirSync(join(out, "queries"), { recursive: true });
		writeFileSync(join(out, "queries", name), readDocument(join(queriesFolder, name)));
	}
	writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, "\t") + "\n");
	return manifest;
}

const manifest = await build();
if (args.includes("--sizes")) {
	for (const { path, variants } of manifest.files) {
		const sizes = ["", ...variants.map((v) => "." + v)].map((s) => `${s || "raw"} ${statSync(join(out, path) + s).size}`);
		console.log(path.padEnd(40), sizes.join("  "));
	}
}
