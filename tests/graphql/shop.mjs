// The shop, as in tests/unit/graphql/shop.c.
import { GraphQLError } from "graphql";

export function shopRoot() {
  const authors = [{ id: "1", name: "Ann", rivalId: 1 }, { id: "2", name: "Bob", rivalId: 0 }];
  const books = [["10", "One", 0, 100, "RED"], ["11", "Two \"2\"", 1, 200, "GREEN"], ["12", null, 0, 300, null], ["13", "Four", 1, 400, "BLUE"]]
    .map(([id, name, a, pages, color]) => ({ __typename: "Book", id, name, a, pages, color, old: pages }));
  const reviews = [["100", 5, 0], ["101", 4, 0], ["102", 3, 1], ["103", 1, 0]].map(([id, stars, b]) => ({ __typename: "Review", id, stars, b }));
  for (const a of authors) {
    a.__typename = "Author";
    a.books = () => books.filter((b) => authors[b.a] === a);
    a.rival = () => authors[a.rivalId];
  }
  for (const b of books) {
    b.author = () => authors[b.a];
    b.reviews = ({ first }) => reviews.filter((r) => books[r.b] === b).slice(0, Math.max(0, first ?? 0));
  }
  for (const r of reviews) r.book = () => books[r.b];
  const wrong = (message) => () => { throw new GraphQLError(message); };
  const bad = {
    firm: null, soft: "soft", batchError: wrong("not for you"), firmList: [1, null, 3], softList: [1, null, 3], softItems: [1, null, 3],
    getterError: wrong("too late"), masked: wrong("the database refused the statement"), tooBig: wrong("unfit"), wrongEnum: wrong("unfit"),
  };
  bad.deep = bad.deepFirm = bad;
  bad.list = bad.firmItems = [bad, null, bad];
  const names = ["text", "n", "f", "b", "id", "color", "point", "points", "nested", "time", "big", "dec", "uuid", "pick", "file", "files", "old", "geo", "json"];
  const colors = { RED: "#1", GREEN: "#2", BLUE: "#3" };
  const show = (v, of) => {
    if (of === "geo" || of === "json") return JSON.stringify(v);
    if (v === null || v === undefined) return "null";
    if (Array.isArray(v)) return `[${v.map((x) => ` ${show(x, of)}`).join("")} ]`;
    if (typeof v === "object")
      return `{${(of === "pick" ? ["id", "name"] : ["x", "y", "label", "inner"]).filter((k) => v[k] !== undefined).map((k) => ` ${k}=${show(v[k], k)}`).join("")} }`;
    if (of === "color") return colors[v];
    if (of === "big") return String(v);
    if (of === "time") return String(Date.parse(v) * 1000);
    if (of === "uuid") return `'${v.toLowerCase()}'`;
    return typeof v === "string" ? `'${v}'` : String(v);
  };
  const query = {
    hello: "world",
    echo: (args) => names.filter((n) => args[n] !== undefined).map((n) => `${n}=${show(args[n], n)}`).join(" "),
    same: ({ json, geo }) => geo ?? json,
    shape: { type: "Point", coordinates: [13.4, 52.5] },
    need: ({ n, m }) => n + m,
    books: ({ first, after }) => {
      first ??= 3;
      if (first < 1 || first > 4) throw new GraphQLError(`"first" must be 1 to 4, not ${first}`);
      if (after != null) throw new GraphQLError('"after" is not a cursor of this list');
      return books.slice(0, first);
    },
    book: ({ id }) => books.find((b) => b.id === id) ?? null,
    node: ({ id }) => authors.find((a) => a.id === id) ?? books.find((b) => b.id === id) ?? null,
    things: [books[1], authors[0], null, reviews[2], books[0], authors[1]],
    matrix: [[0, 1, 2], [2, null], null],
    grid: [books.slice(0, 2), null, [null, books[3]]],
    bad, badFirm: bad,
    all: {
      i8: -8, i16: -16, i32: -2147483648, i64: "-9223372036854775808", u8: 255, u16: 65535, u32: 1073741824, f32: 0.5, f64: -1234.567,
      text: "t\u0001", noText: null, ztext: "z", flag: true, uuid: "01234567-89ab-cdef-0123-456789abcdef", number: "-9223372036854775808",
      time: "1970-01-01T00:00:01Z", noTime: null, money: "12.50", color: "GREEN", noColor: null, maybe: -8, maybeNot: null,
      inside: { n: 3, books: [books[0]] }, noInside: null, texts: ["a", "é\n"], value: [1, null],
    },
  };
  query.shelf = ({ count }) => {
    if (count > 200000 || count < 0) throw new GraphQLError("no such shelf");
    return Array.from({ length: count }, (_, i) => books[i % 4]);
  };
  query.loop = query;
  let total = 0;
  const mutation = {
    add: ({ n }) => { total = (total + n) | 0; return { n: total, books: [books[0]] }; },
    fail: wrong("no"), failFirm: wrong("no"),
  };
  return { query, mutation };
}
