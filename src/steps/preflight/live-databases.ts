// Which databases the running release is told to use: its containers, with the ConfigMaps and Secrets they take variables from.
import { listOf, recordOf, textOf, valueAt } from '../../core/json.ts'
import type { JsonRecord } from '../../core/json.ts'
import type { ExpectedDatabase, ExpectedEvidence } from '../../core/profile/databases.ts'
import type { Sources } from '../../core/profile/environment.ts'
import { describedContainer } from '../../core/profile/overrides.ts'
import { describedTarget, liveDatabaseOf } from '../../core/profile/truth.ts'
import type { LiveContainer, LiveDatabase } from '../../core/profile/truth.ts'
import { kindOf, objectName, podSpecOf } from '../../core/rendered/objects.ts'
import { list, secretData, secretValue } from './live.ts'
import type { Look } from './live.ts'
import { configMapData } from './running.ts'

/** `manifest` tells which Deployments are the release's own: others are not asked. */
export async function liveDatabases(
  look: Look,
  databases: readonly ExpectedDatabase[],
  manifest: readonly JsonRecord[],
): Promise<LiveDatabase[]> {
  const own = new Set(manifest.filter((object) => kindOf(object) === 'Deployment').map(objectName))
  const deployments = (await list(look, 'apps/v1', 'Deployment')).filter(({ metadata }) => own.has(metadata.name))
  const containers = deployments.flatMap(containersOf)
  const specs = containers.map(({ spec }) => spec)
  const sources = await readSources(look, [...specs, ...databases.flatMap(described)], databases)
  return await Promise.all(
    databases.map(async (database) => await withUsableAdmin(look, liveDatabaseOf(database, containers, sources))),
  )
}

/** The databases a release would use that does not run yet. Throws `unknown-state` where an override cannot be read. */
export async function withOverrides(look: Look, databases: readonly ExpectedDatabase[]): Promise<ExpectedDatabase[]> {
  const sources = await readSources(look, databases.flatMap(described), databases)
  return databases.map((database) => ({ ...database, target: describedTarget(database, sources) }))
}

function containersOf(deployment: JsonRecord): LiveContainer[] {
  const pod = podSpecOf(deployment)
  const specs = [...listOf(pod['initContainers']), ...listOf(pod['containers'])].map(recordOf)
  return specs.map((spec) => ({ deployment: objectName(deployment), name: textOf(spec['name']) ?? '', spec }))
}

function described({ evidence }: ExpectedDatabase): JsonRecord[] {
  return evidence?.overrides === undefined ? [] : [describedContainer(evidence.overrides, '', undefined)]
}

/** Only what variables of interest can come from is read; of Secrets not one more. */
async function readSources(
  look: Look,
  containers: readonly JsonRecord[],
  databases: readonly ExpectedDatabase[],
): Promise<Sources> {
  const names = new Set(databases.flatMap(({ evidence }) => (evidence === undefined ? [] : variablesOf(evidence))))
  const [maps, hidden] = [new Set<string>(), new Set<string>()]
  const note = (set: Set<string>, name: unknown): unknown => typeof name === 'string' && name !== '' && set.add(name)
  for (const container of containers) {
    for (const entry of listOf(container['envFrom'])) {
      note(maps, valueAt(entry, 'configMapRef.name'))
      note(hidden, valueAt(entry, 'secretRef.name'))
    }
    for (const entry of listOf(container['env'])) {
      if (!names.has(textOf(valueAt(entry, 'name')) ?? '')) continue
      note(maps, valueAt(entry, 'valueFrom.configMapKeyRef.name'))
      note(hidden, valueAt(entry, 'valueFrom.secretKeyRef.name'))
    }
  }
  return {
    configMaps: await readAll(maps, async (name) => textsOf(await configMapData(look, name))),
    secrets: await readAll(hidden, async (name) => await secretData(look, name)),
  }
}

function variablesOf({ host, port, database, user, password, tls }: ExpectedEvidence): string[] {
  return [host, port, database, user, password, tls].filter((name) => name !== undefined)
}

async function readAll<T>(
  names: ReadonlySet<string>,
  read: (name: string) => Promise<T | undefined>,
): Promise<Record<string, T>> {
  const found = await Promise.all([...names].map(async (name) => [name, await read(name)] as const))
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function textsOf(data: JsonRecord | undefined): Record<string, string> | undefined {
  if (data === undefined) return undefined
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  )
}

/**
 * Values may name an administrator whose password nobody put anywhere: charts that no longer need one leave it so. Then there
 * is none; whether the login alone has the rights that are needed is asked of the database.
 */
async function withUsableAdmin(look: Look, found: LiveDatabase): Promise<LiveDatabase> {
  const { admin, ...target } = found.target
  if (admin?.password === undefined) return found
  const password = await secretValue(look, admin.password)
  return password === undefined || password.reveal() === '' ? { ...found, target } : found
}
