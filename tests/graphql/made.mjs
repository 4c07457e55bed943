// Any schema, executed without data: every value is made from a hash of where it stands and of the arguments, by the same rules
// as in tests/unit/graphql/made.c.
import { execute, GraphQLError, isAbstractType, isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType } from "graphql";

const bytes = new TextEncoder();

function mix(seed, text) {
  let h = (seed ^ 2166136261) >>> 0;
  for (const byte of bytes.encode(text)) h = Math.imul(h ^ byte, 16777619) >>> 0;
  return h;
}

function mixNumber(seed, n) {
  for (let i = 0; i < 4; i++, n >>>= 8) seed = Math.imul(seed ^ (n & 255), 16777619) >>> 0;
  return seed;
}

function showMembers(defs, values) {
  return defs.filter((d) => values[d.name] !== undefined).map((d) => ` ${d.name}=${show(d.type, values[d.name])}`).join("");
}

function show(type, v) {
  if (isNonNullType(type)) return show(type.ofType, v);
  if (v === null || v === undefined) return "null";
  if (isListType(type)) return `[${v.map((item) => ` ${show(type.ofType, item)}`).join("")}]`;
  if (isInputObjectType(type)) return `{${showMembers(Object.values(type.getFields()), v)}}`;
  if (type.name === "Float") return String(Math.trunc(v * 1000));
  if (type.name === "DateTime") return String(Date.parse(v) * 1000);
  if (type.name === "UUID") return v.toLowerCase();
  if (type.name === "JSON" || type.name === "GeoJSON") return JSON.stringify(v);
  return String(v);
}

const scalars = {
  ID: (h) => `i${h % 2 ** 31}`,
  String: (h) => `s"${h % 2 ** 31}é`,
  Decimal: (h) => `${h % 100000}.${String(h % 100).padStart(2, "0")}`,
  UUID: (h) => `${(h % 0xffffffff).toString(16).padStart(8, "0")}-0000-7000-8000-${(h % 0xffffffff).toString(16).padStart(12, "0")}`,
  GeoJSON: (h) => ({ type: "Point", coordinates: [h % 180, h % 90] }),
  JSON: (h) => ({ a: h % 1000, b: [h % 10, null] }),
  Float: (h) => (h % 100000) / 8,
  Boolean: (h) => (h & 1) === 1,
  Int: (h) => h | 0,
  DateTime: (h) => new Date(h * 1000).toISOString().replace(".000Z", "Z"),
  BigInt: (h) => String(h),
};

function makeNamed(schema, type, h) {
  if (isEnumType(type)) return type.getValues()[h % type.getValues().length].value;
  if (isObjectType(type)) return { seed: h, __typename: type.name };
  if (!isAbstractType(type)) return scalars[type.name](h);
  const possible = schema.getPossibleTypes(type).map((t) => t.name).sort();
  return { seed: h, __typename: possible[h % possible.length] };
}

function make(schema, type, h) {
  const nonNull = isNonNullType(type);
  if (nonNull ? h % 211 === 0 : h % 7 === 0) return null;
  if (nonNull) type = type.ofType;
  if (!isListType(type)) return makeNamed(schema, type, h);
  return Array.from({ length: h % 4 }, (_, i) => make(schema, type.ofType, mixNumber(h, i)));
}

function fieldResolver(source, args, context, info) {
  const field = info.parentType.getFields()[info.fieldName];
  const h = mix(source.seed, field.name + showMembers(field.args, args));
  if (h % 97 === 0) throw new GraphQLError("made to fail");
  return make(info.schema, info.returnType, h);
}

export function executeMade(schema, document, operation, variableValues) {
  const rootValue = { seed: ["query", "mutation", "subscription"].indexOf(operation) + 1 };
  return execute({ schema, document, variableValues, rootValue, fieldResolver });
}
