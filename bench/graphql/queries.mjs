// The three questions, as each server wants them put, and how answers are compared.
const reference = "{ id name plate vin make model year facility { id name } }";
const list = `id number status severity damageType priority description reportedAt incidentAt updatedAt version
  vehicle ${reference} driver { id name } photos { id sha256 mediaType sizeBytes width height }`;
const one = `id number status severity description reportedAt vehicle ${reference}`;

// PostGraphile calls a column id rowId (id is its global one); aliases make its answers the same as the others'.
const aliased = (selection) => selection.replace(/\bid\b/g, "id: rowId");

const ours = {
  list: `{ damageReports(first: 50) { nodes { ${list} } } }`,
  byId: `query ($id: ID!) { damageReport(id: $id) { ${one} } }`,
  typename: "{ __typename }",
};
const postgraphile = {
  list: `{ damageReports: allReports(first: 50, orderBy: PRIMARY_KEY_DESC) { nodes { ${aliased(list)} } } }`,
  byId: `query ($id: UUID!) { damageReport: reportByRowId(rowId: $id) { ${aliased(one)} } }`,
  typename: "{ __typename }",
};

export const titles = { list: "list of 50", byId: "by id", typename: "{ __typename }" };

// The bodies of a question: one for each id, or the one.
export function bodies(server, question, ids) {
  const query = (server === "postgraphile" ? postgraphile : ours)[question].replace(/\s+/g, " ");
  return question === "byId" ? ids.map((id) => JSON.stringify({ query, variables: { id } })) : [JSON.stringify({ query })];
}

// Servers may write a number as text and a time with as many decimals and whatever name of UTC they like; nothing else.
export function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, canonical(v)]));
  if (typeof value === "number") return String(value);
  const time = typeof value === "string" && /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d*?)0*)?(?:Z|\+00:00)$/.exec(value);
  return time ? `${time[1]}.${time[2] ?? ""}Z` : value;
}

// What wrk runs: all bodies in turn.
export function script(headers, texts) {
  const quoted = (text) => ` [==[${text}]==] `;
  return `wrk.method = "POST"
${Object.entries(headers).map(([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`).join("\n")}
local bodies, requests, n = {${texts.map(quoted).join(",\n")}}, {}, 0
init = function(args)
  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end
end
request = function()
  n = n % #requests + 1
  return requests[n]
end
`;
}
