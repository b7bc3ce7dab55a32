// Before and after: every object of a namespace, and every row of its databases, as texts that can be compared.
import { getJson, type Lab } from './lab.ts'
import { sql, type Tally } from './tally.ts'

const KINDS =
  'deployments,statefulsets,replicasets,jobs,services,configmaps,secrets,persistentvolumeclaims,horizontalpodautoscalers,serviceaccounts,pods,installations.pawl.dev,runs.pawl.dev,backupsets.pawl.dev'

/** Controllers write to these by themselves, for example when a claim is bound: who they are must stay, not their version. */
const RESTLESS = new Set([
  'Pod',
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'HorizontalPodAutoscaler',
  'PersistentVolumeClaim',
])

interface Listed {
  items: { kind: string; metadata: { name: string; resourceVersion: string; uid: string; generation?: number } }[]
}

/**
 * `kind/name` -> uid and resourceVersion: equal means that nobody wrote to it, not even the same thing again. What controllers write
 * to by themselves is compared by uid and generation.
 */
export async function objectsOf(lab: Lab, namespace: string): Promise<Record<string, string>> {
  const { items } = await getJson<Listed>(lab, [KINDS, '-n', namespace])
  const quiet = items.filter(({ kind }) => !RESTLESS.has(kind))
  const named = (item: Listed['items'][number]): string => `${item.kind}/${item.metadata.name}`
  return {
    ...Object.fromEntries(items.map((item) => [`uid of ${named(item)}`, item.metadata.uid])),
    // The server counts every change of what was asked for.
    ...Object.fromEntries(
      items.map((item) => [`generation of ${named(item)}`, String(item.metadata.generation ?? '')]),
    ),
    ...Object.fromEntries(quiet.map((item) => [`version of ${named(item)}`, item.metadata.resourceVersion])),
  }
}

/** One SQL statement in one database; rows as text, one per line. */
export type Ask = (database: string, statement: string) => Promise<string>

/** Structure and content of every database that a writer does not change meanwhile: the caller has stopped the recorder. */
export async function rowsOf(lab: Lab, tally: Tally): Promise<Record<string, string>> {
  return await rowsThrough(async (database, statement) => await sql(lab, tally, database, statement))
}

/** Of each table of each database but those that Pawl put aside: how many rows, and a digest of them. */
export async function rowsThrough(ask: Ask): Promise<Record<string, string>> {
  const databases = (
    await ask('postgres', 'SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY 1')
  ).split('\n')
  const found: Record<string, string> = { databases: databases.join(' ') }
  for (const database of databases.filter((name) => !name.includes('__pawl_'))) {
    const tables = (
      await ask(
        database,
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
      )
    )
      .split('\n')
      .filter((table) => table !== '')
    for (const table of tables) {
      found[`${database} ${table}`] = await ask(
        database,
        `SELECT count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM ONLY ${table} t`,
      )
    }
  }
  return found
}
