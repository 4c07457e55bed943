// Compares an answer with what a test expects. Objects must have exactly the expected keys; lists the same order and length.
// A string of the form <<...>> matches more than itself:
//   <<any>>             anything that is there, null too        <<string>> <<number>> <<boolean>>   any of that type
//   <<uuid>> <<time>>   text of that form                       <</regular expression/>>            text that it matches
//   <<save NAME>>       anything; later steps write {{NAME}}     <<... save NAME>>                   the same with a check
//   <<at least N>>      a number                                <<list>>, <<list of N>>             a list, of any content
// Returns null, or a sentence that says where the first difference is.

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?Z$/;

const kinds = {
	any: () => true,
	string: (value) => typeof value === 'string',
	number: (value) => typeof value === 'number',
	boolean: (value) => typeof value === 'boolean',
	uuid: (value) => uuid.test(value),
	time: (value) => time.test(value),
	list: (value) => Array.isArray(value),
};

function matchPattern(pattern, value, saved) {
	const save = /^(.*?)\s*\bsave (\w+)$/.exec(pattern);
	const rest = save ? save[1] || 'any' : pattern;
	const expression = /^\/(.*)\/$/.exec(rest);
	const least = /^at least (-?[\d.]+)$/.exec(rest);
	const count = /^list of (\d+)$/.exec(rest);
	let good;
	if (expression) good = typeof value === 'string' && new RegExp(expression[1]).test(value);
	else if (least) good = typeof value === 'number' && value >= Number(least[1]);
	else if (count) good = Array.isArray(value) && value.length === Number(count[1]);
	else if (kinds[rest]) good = value !== undefined && kinds[rest](value);
	else throw new Error(`<<${pattern}>> is no pattern`);
	if (good && save) saved[save[2]] = value;
	return good;
}

export function difference(expected, value, saved, where = 'answer') {
	const pattern = typeof expected === 'string' ? /^<<(.*)>>$/.exec(expected) : null;
	if (pattern) return matchPattern(pattern[1], value, saved) ? null : `${where}: ${JSON.stringify(value)} is not ${expected}`;
	if (Array.isArray(expected)) {
		if (!Array.isArray(value)) return `${where}: ${JSON.stringify(value)} is no list`;
		if (value.length !== expected.length) return `${where}: ${value.length} entries, not ${expected.length}`;
		return expected.reduce((found, entry, i) => found ?? difference(entry, value[i], saved, `${where}[${i}]`), null);
	}
	if (expected !== null && typeof expected === 'object') {
		if (value === null || typeof value !== 'object' || Array.isArray(value)) return `${where}: ${JSON.stringify(value)} is no object`;
		const extra = Object.keys(value).find((key) => !(key in expected));
		if (extra !== undefined) return `${where}.${extra}: not expected (${JSON.stringify(value[extra])})`;
		return Object.keys(expected).reduce((found, key) => found ?? difference(expected[key], value[key], saved, `${where}.${key}`), null);
	}
	return expected === value ? null : `${where}: ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`;
}

// {{NAME}} becomes what an earlier step saved: as it is where the whole string is that, as text within others.
export function fill(value, saved) {
	if (typeof value === 'string') {
		const whole = /^\{\{(\w+)\}\}$/.exec(value);
		const get = (name) => {
			if (!(name in saved)) throw new Error(`nothing was saved as ${name}`);
			return saved[name];
		};
		return whole ? get(whole[1]) : value.replace(/\{\{(\w+)\}\}/g, (_, name) => String(get(name)));
	}
	if (Array.isArray(value)) return value.map((entry) => fill(entry, saved));
	if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fill(entry, saved)]));
	return value;
}
