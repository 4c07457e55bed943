// The schema as the server tells it, and what can be made of it without knowing any field: selections, plausible arguments, and every
// place where a client can name something.
const query = `{ __schema { queryType { name } mutationType { name } subscriptionType { name } types { kind name
  fields(includeDeprecated: true) { name args { name defaultValue type { ...T } } type { ...T } }
  inputFields { name defaultValue type { ...T } } enumValues { name } possibleTypes { name } } } }
  fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }`;

export async function readSchema(ask) {
	const { body } = await ask(query, {}, 'one.admin');
	if (body.errors) throw new Error(JSON.stringify(body.errors));
	const types = new Map(body.data.__schema.types.map((type) => [type.name, type]));
	const { queryType, mutationType, subscriptionType } = body.data.__schema;
	const roots = { Query: types.get(queryType.name).fields, Mutation: types.get(mutationType.name).fields, Subscription: types.get(subscriptionType.name).fields };
	return { types, roots };
}

export function bare(type) {
	while (type.ofType) type = type.ofType;
	return type;
}
export const isRequired = (type) => type.kind === 'NON_NULL';
export const isList = (type) => type.kind === 'LIST' || (type.kind === 'NON_NULL' && type.ofType.kind === 'LIST');
export function typeText(type) {
	if (type.kind === 'NON_NULL') return `${typeText(type.ofType)}!`;
	return type.kind === 'LIST' ? `[${typeText(type.ofType)}]` : type.name;
}

// Everything below a type that needs no argument, to a depth. path keeps a type from showing itself again.
export function selection(schema, typeName, depth, path = []) {
	const type = schema.types.get(typeName);
	if (type.kind === 'UNION' || type.kind === 'INTERFACE') return '{ __typename }';
	if (type.kind !== 'OBJECT') return '';
	const parts = ['__typename'];
	for (const field of type.fields) {
		const of = schema.types.get(bare(field.type).name);
		if (field.args.some((arg) => isRequired(arg.type) && arg.defaultValue === null)) continue;
		if (of.kind === 'SCALAR' || of.kind === 'ENUM') parts.push(field.name);
		else if (depth > 0 && !path.includes(of.name)) {
			const inner = selection(schema, of.name, /(Connection|Edge)$/.test(of.name) ? depth : depth - 1, [...path, typeName]);
			parts.push(`${field.name} ${inner}`);
		}
	}
	return `{ ${parts.join(' ')} }`;
}

// Every place of the arguments of a field where a scalar stands that may name something: { path, scalar, list }. Fields of input objects
// are gone through once.
export function places(schema, field) {
	const found = [];
	const walk = (args, path, seen) => {
		for (const arg of args) {
			const of = schema.types.get(bare(arg.type).name), here = [...path, arg.name];
			if (of.kind === 'INPUT_OBJECT') {
				if (!seen.includes(of.name)) walk(of.inputFields, isList(arg.type) ? [...here, 0] : here, [...seen, of.name]);
			} else if (of.kind === 'SCALAR') found.push({ path: isList(arg.type) ? [...here, 0] : here, scalar: of.name, name: arg.name });
		}
	};
	walk(field.args, [], []);
	return found;
}

// Arguments that pass validation: what is required, and the place in question. own: what the caller has, by the name of the argument.
export function argumentsOf(schema, field, place, value, own) {
	const build = (args, at, path) => {
		const out = {};
		for (const arg of args) {
			const goes = at && at[0] === arg.name;
			if (!goes && !(isRequired(arg.type) && arg.defaultValue === null)) continue;
			const of = schema.types.get(bare(arg.type).name), list = isList(arg.type), rest = goes ? at.slice(list ? 2 : 1) : null;
			let made;
			if (of.kind === 'INPUT_OBJECT') made = build(of.inputFields, rest, [...path, arg.name]);
			else made = goes ? value : own(arg.name, of, field.name);
			out[arg.name] = list ? (made === undefined ? [] : [made]) : made;
		}
		return out;
	};
	return build(field.args, place?.path, []);
}

export function operation(kind, field, select) {
	const declared = field.args.map((arg) => `$${arg.name}: ${typeText(arg.type)}`).join(', ');
	const passed = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
	return `${kind} T${declared ? `(${declared})` : ''} { ${field.name}${passed ? `(${passed})` : ''} ${select} }`;
}
