// Names and values as SQL text, for statements that take no parameters.

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function qualified(schema: string, name: string): string {
  return `${identifier(schema)}.${identifier(name)}`
}

/** A string constant that means the same whatever `standard_conforming_strings` says. */
export function literal(value: string): string {
  const quoted = `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return value.includes('\\') ? `E${quoted}` : quoted
}

const PLAIN = /^[a-z_][a-z0-9_$]*$/

/** For people and for evidence: `schema.table`, quoted only where it must be, so that no two tables share a name. */
export function displayName(schema: string, name: string): string {
  const part = (text: string): string => (PLAIN.test(text) ? text : identifier(text))
  return `${part(schema)}.${part(name)}`
}
