// From single runs to medians, ratios and a table. A ratio is made within a round: what else the machine did then, it did to
// both.
import { titles } from "./queries.mjs";

const targets = {
  list: { mercurius: 4, apollo: 20, postgraphile: 10, "libpq pipeline": 0.5 },
  byId: { mercurius: 2, apollo: 4, postgraphile: 8 },
  typename: { mercurius: 1.5, apollo: 8, postgraphile: 8 },
};

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function summary({ runs, memory }) {
  const result = [];
  for (const question of Object.keys(titles))
    for (const server of new Set(runs.filter((run) => run.question === question).map((run) => run.server))) {
      const mine = runs.filter((run) => run.question === question && run.server === server);
      const ours = (round) => runs.find((run) => run.question === question && run.server === "fleet" && run.round === round).rate;
      result.push({
        question, server, rate: median(mine.map((run) => run.rate)), p99_ms: median(mine.map((run) => run.p99)),
        ratio: median(mine.map((run) => ours(run.round) / run.rate)), target: targets[question][server], peak_mib: memory[server],
      });
    }
  return result;
}

export function print(measured) {
  const { options, memory, machine } = measured, rows = summary(measured);
  if (options.json) {
    console.log(JSON.stringify({ options, machine, rows }));
    return;
  }
  console.log(`${machine.cores} cores (${machine.model}), Node ${machine.node}; ${options.reports} reports, ${options.connections} connections, ` +
    `pool of 10, medians of ${options.rounds} rounds of ${options.seconds} s`);
  for (const question of Object.keys(titles)) {
    console.log(`\n${titles[question].padEnd(18)} requests/s    p99 ms   fleet is`);
    for (const row of rows.filter((row) => row.question === question))
      console.log(row.server.padEnd(18) + row.rate.toFixed(0).padStart(10) + row.p99_ms.toFixed(1).padStart(10) +
        (row.target ? `   ${row.ratio.toFixed(2)}x (target ${row.target}x)${row.ratio < row.target ? "  missed" : ""}` : ""));
  }
  console.log("\npeak memory");
  for (const [server, mib] of Object.entries(memory))
    console.log(server.padEnd(18) + `${mib.toFixed(0)} MiB`.padStart(10) +
      (server.startsWith("fleet") ? "" : `   fleet has 1/${(mib / memory.fleet).toFixed(1)} (target 1/6)`));
}
