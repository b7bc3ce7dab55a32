// What a user's values lay over the environment that a chart gives a container, by the names bitnami's charts gave to that.
import { isRecord, listOf, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'

export interface Overrides {
  /** Section of the values, for example `workspaceApi`. */
  section: string
  existingConfigMap?: string
  existingSecret?: string
  extraEnvVarsCM?: string
  extraEnvVarsSecret?: string
  /** Entries for the variables that were asked for; what may be secret in them is left out. */
  extraEnvVars: JsonRecord[]
}

/** The order in which charts hand them to a container: the later wins. */
const OBJECTS = ['existingConfigMap', 'existingSecret', 'extraEnvVarsCM', 'extraEnvVarsSecret'] as const

export interface Asked {
  /** Variables that are of interest. */
  names: readonly string[]
  /** The one among them whose value must not be kept. */
  password?: string | undefined
}

/** `undefined` where the section sets nothing of the kind. */
export function overridesIn(
  values: JsonRecord,
  section: string,
  { names, password }: Asked,
  release: { name: string; namespace: string },
): Overrides | undefined {
  const at = (key: string): unknown => valueAt(values, `${section}.${key}`)
  const named = OBJECTS.flatMap((key) => {
    const text = textOf(at(key)) ?? ''
    return text === '' ? [] : [[key, filled(text, release)] as const]
  })
  const extraEnvVars = listOf(at('extraEnvVars'))
    .filter(isRecord)
    .filter((entry) => names.includes(textOf(entry['name']) ?? ''))
    .map((entry) => (entry['name'] === password ? { ...entry, value: '' } : entry))
    .map((entry) => templated(entry, release))
  return named.length + extraEnvVars.length === 0 ? undefined : { section, ...Object.fromEntries(named), extraEnvVars }
}

function filled(text: string, { name, namespace }: { name: string; namespace: string }): string {
  return text
    .replace(/\{\{-?\s*\.Release\.Name\s*-?\}\}/g, name)
    .replace(/\{\{-?\s*\.Release\.Namespace\s*-?\}\}/g, namespace)
}

/** A template that is more than the release's name is the chart's to fill: its value stays unknown. */
function templated(entry: JsonRecord, release: { name: string; namespace: string }): JsonRecord {
  const text = textOf(entry['value'])
  if (text === undefined) return entry
  const value = filled(text, release)
  return value.includes('{{') ? { name: entry['name'], valueFrom: { template: {} } } : { ...entry, value }
}

/**
 * The container that the values describe: the chart's own ConfigMap (named `own`, unless the user brought one) and its
 * password, with everything the user laid over them.
 */
export function describedContainer(
  overrides: Overrides | undefined,
  own: string,
  password: { name: string; ref: { secret: string; key: string } } | undefined,
): JsonRecord {
  const { existingConfigMap, existingSecret, extraEnvVarsCM, extraEnvVarsSecret } = overrides ?? {}
  const maps = (name: string | undefined): JsonRecord[] => (name === undefined ? [] : [{ configMapRef: { name } }])
  const hidden = (name: string | undefined): JsonRecord[] => (name === undefined ? [] : [{ secretRef: { name } }])
  const own_ = password === undefined ? [] : [passwordEntry(password)]
  return {
    envFrom: [
      ...maps(existingConfigMap ?? own),
      ...hidden(existingSecret),
      ...maps(extraEnvVarsCM),
      ...hidden(extraEnvVarsSecret),
    ],
    env: [...own_, ...(overrides?.extraEnvVars ?? [])],
  }
}

function passwordEntry({ name, ref }: { name: string; ref: { secret: string; key: string } }): JsonRecord {
  return { name, valueFrom: { secretKeyRef: { name: ref.secret, key: ref.key } } }
}
