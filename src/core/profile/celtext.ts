// Writes the CEL that charts' own templates need again and again: Helm's truth, defaults and name rules (functions.ts).
import type { Cel } from './profile.ts'

/** CEL: the value at a dotted path such as `values.a.b`, null where it is missing. */
function at(path: string): Cel {
  const [root = path, ...keys] = path.split('.')
  return `at(${root}, '${keys.join('.')}')`
}

/** CEL bool: does the value at this path exist? */
export function present(path: string): Cel {
  return `(${at(path)} != null)`
}

/** CEL bool, as in `{{ if .Values.x }}`: a text is true, even the text `false`. */
export function truthy(path: string): Cel {
  return `truthy(${at(path)})`
}

/** As in `default FALLBACK .Values.x`: the value, or the fallback where it is missing or empty. */
export function orElse(path: string, fallback: Cel): Cel {
  return `orElse(${at(path)}, ${fallback})`
}

/** CEL string: the value as text, empty where it is missing. */
export function textAt(path: string): Cel {
  return `text(${at(path)})`
}

export function choose(condition: Cel, then: Cel, otherwise: Cel): Cel {
  return `(${condition} ? ${then} : ${otherwise})`
}

/** As in `trunc 63 | trimSuffix "-"`. */
export function kubeName(text: Cel): Cel {
  return `kubeName(${text})`
}

/** Bitnami's `common.names.fullname`: the release's name alone where it contains the chart's. */
export function bitnamiFullname(): Cel {
  return 'bitnamiName(release.name, chart.name, values)'
}

/** Bitnami's `common.names.dependency.fullname`: a subchart's name, by its own overrides; `section` is its part of the values. */
export function bitnamiDependency(chart: string, section: string): Cel {
  return `bitnamiName(release.name, '${chart}', ${at(section)})`
}

/** CEL string: an annotation of the chart, empty where it has none. */
export function annotation(name: string): Cel {
  return `('${name}' in chart.annotations ? chart.annotations['${name}'] : '')`
}

/** CEL bool: is the chart of this version or later? Candidates of that version count too. */
export function chartAtLeast(version: string): Cel {
  return `atLeast(chart.version, '${version}')`
}

/** CEL bool: every one of them. */
export function all(...conditions: Cel[]): Cel {
  return `(${conditions.join(' && ')})`
}

export function not(condition: Cel): Cel {
  return `(!${condition})`
}
