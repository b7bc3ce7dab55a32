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
const truthy = celFunc('truthy', [CelScalar.DYN], CelScalar.BOOL, (value: unknown) => {
  if (isCelMap(value) || isCelList(value)) return value.size > 0
  return value !== false && value !== 0n && value !== 0 && value !== '' && value !== null
})

/** `kubeName(text)`: as in `trunc 63 | trimSuffix "-"`. */
const kubeName = celFunc('kubeName', [CelScalar.STRING], CelScalar.STRING, (text) =>
  text.slice(0, NAME_LENGTH).replace(/-$/, ''),
)

/** `atLeast(chart.version, '1.225.1')`: is this chart of that version or later? */
const atLeastFunction = celFunc('atLeast', [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, atLeast)

/** `mentions(x, 'text')`: does the text occur in a text, anywhere inside? */
const mentions = celFunc('mentions', [CelScalar.DYN, CelScalar.STRING], CelScalar.BOOL, (value: unknown, text) =>
  occursIn(value, text),
)

function occursIn(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text)
  if (isCelList(value)) return [...value].some((item) => occursIn(item, text))
  return isCelMap(value) && [...value.values()].some((item) => occursIn(item, text))
}

export const FUNCTIONS: CelFunc[] = [at, truthy, kubeName, atLeastFunction, mentions]
