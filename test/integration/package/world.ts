// The command line against a real store on loopback: everything is real but the time that is waited, and the cluster.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { gcsPackages } from '../../../src/adapters/package-gcs/packages.ts'
import type { Doors } from '../../../src/apps/cli/session.ts'
import { wire } from '../../../src/apps/cli/wire.ts'
import type { Clock } from '../../../src/ports/world.ts'
import { startGcs } from '../../support/fake-gcs.ts'
import { startGoogle, type Google } from '../../support/google.ts'
import { pawlThrough } from '../../support/in-process.ts'
import {
  BUCKET,
  install,
  objectName,
  packageZip,
  upload,
  withdraw,
  type Mode,
  type PackageOptions,
} from '../../support/packages.ts'

export interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
  /** Its last line, as JSON. */
  json: Record<string, never>
  /** How long it wanted to wait, each time. */
  waitedMs: number[]
}

export interface World {
  google: Google
  /** The account's in installed packages, and the one in those that are offered. */
  key: string
  newKey: string
  /** Puts packages into the bucket; versions with dashes. */
  offer(mode: Mode, versions: readonly string[], more?: Partial<PackageOptions>): Promise<void>
  put(name: string, bytes: Uint8Array): Promise<void>
  /** A new directory with the files of an installed package. */
  installed(mode: Mode, more?: Partial<PackageOptions>): Promise<string>
  /** `pawl package …  -o json` in this process. */
  pawl(args: readonly string[], doors?: Partial<Doors>): Promise<CliResult>
  /** Nothing in the bucket, no faults. */
  reset(): Promise<void>
  stop(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const gcs = await startGcs([BUCKET])
  const google = await startGoogle(gcs.endpoint)
  const key = google.account('harbour@test.iam.gserviceaccount.com').json
  const newKey = google.account('next@test.iam.gserviceaccount.com').json
  const names = new Set<string>()
  const root = await mkdtemp(join(tmpdir(), 'pawl-test-package-'))

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    names.add(name)
    await upload(gcs.endpoint, name, bytes)
  }

  return {
    google,
    key,
    newKey,
    put,
    async offer(mode, versions, more = {}) {
      for (const version of versions) {
        const options = { version: version.replace(/^(\d+)-(\d+)-(\d+)/, '$1.$2.$3'), key: newKey, ...more }
        await put(objectName(mode, version), packageZip(mode, options))
      }
    },
    async installed(mode, more = {}) {
      const directory = await mkdtemp(join(root, `${mode}-`))
      await install(directory, mode, { version: '2026.4.24', key, ...more })
      return directory
    },
    async pawl(args, more = {}) {
      const waitedMs: number[] = []
      const clock: Clock = {
        now: () => new Date(),
        sleep: (ms) => {
          waitedMs.push(ms)
          return Promise.resolve()
        },
      }
      const real = wire({ ...process.env, STORAGE_EMULATOR_HOST: google.endpoint })
      const doors: Doors = {
        ...real,
        clock,
        packages: (account, { project }, bucket) =>
          Promise.resolve(gcsPackages({ account, project, bucket, clock, endpoint: google.endpoint })),
        ...more,
      }
      const said = await pawlThrough(doors, ['package', ...args, '-o', 'json'])
      await real.close()
      const json = JSON.parse(said.stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, never>
      return { ...said, json, waitedMs }
    },
    async reset() {
      for (const name of names) await withdraw(gcs.endpoint, name)
      names.clear()
      google.reset()
    },
    async stop() {
      await google.stop()
      await gcs.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** Every file below a directory, with its path from there. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).toSorted()
}

/** Expects one error with this code, and a directory that is as it was before. */
export async function refused(
  world: World,
  code: string,
  directory: string,
  args: readonly string[] = [],
): Promise<CliResult> {
  const before = await filesBelow(directory)
  const result = await world.pawl(['download', '-d', directory, ...args])
  expect(result.json).toMatchObject({
    type: 'error',
    error: { code, unchanged: expect.stringMatching(/^Nothing was/) },
  })
  expect(result.exitCode).toBeGreaterThan(0)
  expect(await filesBelow(directory)).toEqual(before)
  return result
}
