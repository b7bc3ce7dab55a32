// The functions that profiles may use beside standard CEL: looking at values that may be missing, Helm's truth, Kubernetes names.
import { CelScalar, celFunc, isCelList, isCelMap, type CelFunc, type CelInput } from '@bufbuild/cel'
import { atLeast } from './chart-version.ts'

const NAME_LENGTH = 63

/** `at(values, 'a.b')`: what stands at a path of keys, null where any part of it is missing. */
const at = celFunc('at', [CelScalar.DYN, CelScalar.STRING], CelScalar.DYN, (root, path): CelInput => {
  let found: unknown = root
  for (const key of path.split('.')) {
    if (!isCelMap(found) || !found.has(key)) return null
    found = found.get(key)
  }
  return found as CelInput
})

/** `truthy(x)`: as in Helm's `{{ if }}`. A text is true, even the text `false`; what is empty or missing is not. */
const truthy = celFunc('truthy', [CelScalar.DYN], CelScalar.BOOL, isTrue)

function isTrue(value: unknown): boolean {
  if (isCelMap(value) || isCelList(value)) return value.size > 0
  return value !== false && value !== 0n && value !== 0 && value !== '' && value !== null
}

/** `kubeName(text)`: as in `trunc 63 | trimSuffix "-"`. */
const kubeName = celFunc('kubeName', [CelScalar.STRING], CelScalar.STRING, cut)

function cut(name: string): string {
  return name.slice(0, NAME_LENGTH).replace(/-$/, '')
}

/** `atLeast(chart.version, '1.225.1')`: is this chart of that version or later? */
const atLeastFunction = celFunc('atLeast', [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, atLeast)

/** `mentions(x, 'text')`: does the text occur in a text, anywhere inside? */
const mentions = celFunc('mentions', [CelScalar.DYN, CelScalar.STRING], CelScalar.BOOL, (value: unknown, sought) =>
  occursIn(value, sought),
)

function occursIn(value: unknown, sought: string): boolean {
  if (typeof value === 'string') return value.includes(sought)
  if (isCelList(value)) return [...value].some((item) => occursIn(item, sought))
  return isCelMap(value) && [...value.values()].some((item) => occursIn(item, sought))
}

/** `orElse(x, y)`: as in Helm's `default y x`: the value, or the other where it is missing or empty. */
const orElse = celFunc('orElse', [CelScalar.DYN, CelScalar.DYN], CelScalar.DYN, (value: unknown, other) =>
  isTrue(value) ? (value as CelInput) : other,
)

/** `text(x)`: a scalar as a template prints it, empty where it is missing. */
const text = celFunc('text', [CelScalar.DYN], CelScalar.STRING, (value: unknown) => {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TypeError('expected a text, a number or true or false')
})

/**
 * `bitnamiName(release.name, 'postgresql', section)`: bitnami's common.names.fullname and common.names.dependency.fullname:
 * the release's name alone where it contains the chart's; `section` may hold `nameOverride` and `fullnameOverride`.
 */
const bitnamiName = celFunc(
  'bitnamiName',
  [CelScalar.STRING, CelScalar.STRING, CelScalar.DYN],
  CelScalar.STRING,
  (release, chart, section: unknown) => {
    const given = (key: string): unknown => (isCelMap(section) ? section.get(key) : undefined)
    const [full, name] = [given('fullnameOverride'), given('nameOverride')]
    if (typeof full === 'string' && full !== '') return cut(full)
    const own = typeof name === 'string' && name !== '' ? name : chart
    return cut(release.includes(own) ? release : `${release}-${own}`)
  },
)

export const FUNCTIONS: CelFunc[] = [at, truthy, orElse, text, kubeName, bitnamiName, atLeastFunction, mentions]
