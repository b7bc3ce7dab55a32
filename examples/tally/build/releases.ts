// Reads releases.yaml: what each release of Tally is and what sets it apart.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

/** A migration and the file it comes from, relative to app/migrations/<database>/. */
export type MigrationFile = { readonly name: string; readonly file: string }

export type TallyRelease = {
  /** CalVer `YYYY.M.D[-rc.N]`, the tag of every image. */
  readonly appVersion: string
  /** SemVer 1.N.M; release candidates end in `-beta`. */
  readonly chartVersion: string
  /** The day it was published, ISO 8601. */
  readonly date: string
  /** The oldest customer package it works with. */
  readonly minVersion: string
  readonly isCandidate: boolean
  /** Every migration since the first release, in order. */
  readonly migrations: { readonly ledger: readonly MigrationFile[]; readonly assist: readonly MigrationFile[] }
  /** The last migration as db-migrate records it, with its leading slash; empty where the release has no such database. */
  readonly schema: { readonly ledger: string; readonly assist: string }
  /** Paths of chart/ that this release does not have yet. */
  readonly leaveOut: readonly string[]
  /** Values of values.yaml that differ, by dotted path. */
  readonly values: Readonly<Record<string, string>>
  readonly requiredFile?: string
  readonly traits: string
}

const rowSchema = z.strictObject({
  appVersion: z.string().regex(/^20\d\d\.\d+\.\d+(-rc\.\d+)?$/),
  chartVersion: z.string().regex(/^1\.\d+\.\d+(-beta)?$/),
  date: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  after: z.string().optional(),
  minVersion: z.string(),
  ledger: z.array(z.string()),
  assist: z.array(z.string()),
  leaveOut: z.array(z.string()).default([]),
  values: z.record(z.string(), z.string()).default({}),
  requiredFile: z.string().optional(),
  traits: z.string(),
})

/** The folder of the sample product. */
export const tallyDirectory = fileURLToPath(new URL('..', import.meta.url))

/** All releases in the order of releases.yaml. @throws when the file does not fit. */
export function readReleases(): TallyRelease[] {
  return parseReleases(readFileSync(`${tallyDirectory}/releases.yaml`, 'utf8'))
}

/** @throws when a row is malformed or follows a release that is not listed above it. */
export function parseReleases(text: string): TallyRelease[] {
  const releases: TallyRelease[] = []
  for (const row of z.array(rowSchema).parse(parse(text))) {
    const before = releases.find(({ appVersion }) => appVersion === row.after)
    if (row.after !== undefined && before === undefined)
      throw new Error(`${row.appVersion} follows ${row.after}, which is not listed`)
    const migrations = {
      ledger: [...(before?.migrations.ledger ?? []), ...row.ledger.map(migrationFile)],
      assist: [...(before?.migrations.assist ?? []), ...row.assist.map(migrationFile)],
    }
    releases.push({
      appVersion: row.appVersion,
      chartVersion: row.chartVersion,
      date: row.date,
      minVersion: row.minVersion,
      isCandidate: row.appVersion.includes('-rc.'),
      migrations,
      schema: { ledger: lastRecorded(migrations.ledger), assist: lastRecorded(migrations.assist) },
      leaveOut: row.leaveOut,
      values: row.values,
      ...(row.requiredFile === undefined ? {} : { requiredFile: row.requiredFile }),
      traits: row.traits.trim(),
    })
  }
  return releases
}

/** @throws when there is no such release. */
export function releaseOf(appVersion: string): TallyRelease {
  const found = readReleases().find((release) => release.appVersion === appVersion)
  if (found === undefined) throw new Error(`Tally has no release ${appVersion}`)
  return found
}

function migrationFile(entry: string): MigrationFile {
  const [name = entry, folder] = entry.split('@')
  return { name, file: folder === undefined ? `${name}.js` : `${folder}/${name}.js` }
}

function lastRecorded(migrations: readonly MigrationFile[]): string {
  const last = migrations.at(-1)
  return last === undefined ? '' : `/${last.name}`
}
