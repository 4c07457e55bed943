// bench graphql: see ../graphql.sh. Starts everything, checks that all servers answer the same, measures in turns, prints.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bodies, canonical, script } from "./queries.mjs";
import { print } from "./print.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const options = { build: join(here, "../../build"), rounds: 3, seconds: 2, connections: 32, reports: 20000, json: false };
for (let i = 2; i < process.argv.length; i++) {
  const name = process.argv[i].replace(/^--/, "");
  if (name === "json") options.json = true;
  else if (name === "build") options.build = process.argv[++i];
  else options[name] = Number(process.argv[++i]);
}
const questions = ["list", "byId", "typename"];
const tmp = mkdtempSync(join(tmpdir(), "fb-"));
chmodSync(tmp, 0o711); // started as root, fleet becomes another user, who has to get in
const children = [];
const say = (text) => process.stderr.write(`bench graphql: ${text}\n`);
const die = (text) => { say(text); process.exit(1); };

process.on("exit", () => {
  for (const child of children.reverse()) if (child.exitCode === null) child.kill("SIGTERM");
  for (let i = 0; i < 100 && children.some((child) => alive(child.pid)); i++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  rmSync(tmp, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

function alive(pid) {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

// Starts a server and gives the first line that it prints, as JSON.
function start(what, command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let out = "", errors = "";
    children.push(child);
    child.stderr.on("data", (text) => (errors = (errors + text).slice(-2000)));
    child.stdout.on("data", (text) => {
      out += text;
      if (out.includes("\n")) resolve({ child, ready: JSON.parse(out.slice(0, out.indexOf("\n"))) });
    });
    child.on("exit", (code) => out.includes("\n") || die(`${what} ended (${code}) before it was ready:\n${errors}`));
  });
}

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// A second server of ours beside the first, on the same database, with an event loop a core; as large a pool in all.
async function startOnAllCores(fleet, home, headers) {
  const state = JSON.parse(readFileSync(join(home, "run/up.json"), "utf8")), cores = availableParallelism(), port = await freePort();
  const child = spawn(fleet, ["serve", "--home", home, "--port", String(port), "--threads", String(cores), "--db-connections",
    String(Math.max(1, Math.floor(10 / cores)))], { env: { ...process.env, FLEET_PG_URL: state.pg_url, FLEET_REDIS_URL: state.redis_url }, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  children.push(child);
  for (const begin = Date.now(); !(await fetch(`${url}/readyz`).catch(() => ({}))).ok; await sleep(50))
    if (child.exitCode !== null || Date.now() - begin > 30000) die("fleet serve does not become ready");
  return { name: "fleet, all cores", url: `${url}/graphql`, pid: child.pid, headers };
}

async function startAll() {
  const fleet = join(options.build, "fleet"), home = join(tmp, "home"), socket = join(home, "run");
  const flags = ["--home", home, "--port", "0"];
  const up = await start("fleet", fleet, ["up", "--json", ...flags, "--threads", "1", "--db-connections", "10", "--seed-reports",
    String(options.reports), "--demo-photos", "0"]);
  const owner = execFileSync("stat", ["-c", "%U", join(home, "pg")], { encoding: "utf8" }).trim();
  const psql = (...args) => execFileSync("psql", ["-qAtX", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", owner, ...args, "fleet"], { encoding: "utf8" });
  psql("-f", join(here, "setup.sql"));
  const ids = psql("-c", "SELECT id FROM bench.reports ORDER BY md5(id::text) LIMIT 1000").trim().split("\n");
  const headers = { "Content-Type": "application/json" }, servers = {};
  for (const name of ["mercurius", "apollo", "postgraphile"]) {
    const peer = await start(name, process.execPath, [join(here, `${name}.mjs`)], { NODE_ENV: "production", PGHOST: socket });
    servers[name] = { name, url: `http://127.0.0.1:${peer.ready.port}/graphql`, pid: peer.child.pid, headers };
  }
  const own = { ...headers, Authorization: `Bearer ${up.ready.tokens.manager}` };
  const pid = Number(execFileSync("pgrep", ["-P", String(up.ready.pid), "-f", "fleet serve"], { encoding: "utf8" }).trim());
  servers.fleet = { name: "fleet", url: `${up.ready.url}/graphql`, pid, headers: own };
  const wide = await startOnAllCores(fleet, home, own);
  servers[wide.name] = wide;
  return { servers, ids, socket, owner };
}

async function ask(server, body) {
  const response = await fetch(server.url, { method: "POST", headers: server.headers, body });
  const answer = await response.json();
  if (answer.errors) die(`${server.name} answers ${JSON.stringify(answer.errors).slice(0, 500)}`);
  return answer.data;
}

// Nobody is measured who does not say what we say.
async function compare(servers, ids) {
  for (const question of questions) {
    const all = (name) => Promise.all(bodies(name, question, ids).slice(0, 50).map((body) => ask(servers[name], body)));
    const right = JSON.stringify(canonical(await all("fleet")));
    for (const name of Object.keys(servers)) {
      const answer = JSON.stringify(canonical(await all(name)));
      let at = 0;
      while (at < right.length && answer[at] === right[at]) at++;
      const here = (text) => text.slice(Math.max(at - 100, 0), at + 100);
      if (answer !== right) die(`${name} answers '${question}' otherwise, as in\n${here(answer)}\nand fleet\n${here(right)}`);
    }
  }
}

const scriptFile = (server, question) => join(tmp, `${server.name.replace(/\W+/g, "-")}.${question}.lua`);
const ms = (text) => Number.parseFloat(text) * (text.endsWith("us") ? 0.001 : text.endsWith("ms") ? 1 : 1000);

function wrk(server, question, seconds) {
  return new Promise((resolve) => {
    const child = spawn("wrk", ["--latency", "--timeout", "30", "-t1", `-c${options.connections}`, `-d${seconds}`, "-s",
      scriptFile(server, question), server.url]);
    let out = "";
    child.stdout.on("data", (text) => (out += text));
    child.on("exit", () => {
      const rate = /Requests\/sec:\s+([\d.]+)/.exec(out), p99 = /99%\s+(\S+)/.exec(out);
      if (!rate || Number(rate[1]) === 0 || /Non-2xx|Socket errors/.test(out)) die(`${server.name}, ${question}: ${out}`);
      resolve({ rate: Number(rate[1]), p99: ms(p99[1]) });
    });
  });
}

function ceiling(where, seconds) {
  const out = execFileSync(join(options.build, "bench/bench_list"), ["--url", `host=${where.socket} dbname=fleet user=${where.owner}`,
    "--tenant", "demo", "--depot", "--connections", "10", "--json", "--seconds", String(seconds)], { encoding: "utf8" });
  const { requests_per_s: rate, p99_ms: p99 } = JSON.parse(out);
  return { rate, p99 };
}

const peakMiB = (pid) => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

async function measure(where, servers) {
  const runs = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const question of questions) {
      for (const server of servers) runs.push({ round, question, server: server.name, ...(await wrk(server, question, options.seconds)) });
      if (question === "list" && where) runs.push({ round, question, server: "libpq pipeline", ...ceiling(where, options.seconds) });
    }
    say(`round ${round + 1} of ${options.rounds}`);
  }
  return runs;
}

const where = await startAll();
await compare(where.servers, where.ids);
say("all servers answer the same");
const servers = Object.values(where.servers);
for (const server of servers)
  for (const question of questions) {
    writeFileSync(scriptFile(server, question), script(server.headers, bodies(server.name, question, where.ids)));
    await wrk(server, question, 1);
  }
const runs = await measure(where, servers);
const memory = Object.fromEntries(servers.map(({ name, pid }) => [name, peakMiB(pid)]));
print({ options, runs, memory, machine: { cores: availableParallelism(), model: cpus()[0].model, node: process.version } });
process.exit(0);
