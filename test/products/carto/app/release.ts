// What the image was built as, and what every part of the program is given.
import { readFileSync } from 'node:fs'

export interface Release {
  appVersion: string
  /** Names of the migrations it brings and expects, in order. */
  metadata: string[]
  aiproxy: string[]
}

export interface Context {
  component: string
  release: Release
  env: NodeJS.ProcessEnv
  stopping: AbortSignal
}

export function loadRelease(): Release {
  return JSON.parse(readFileSync(new URL('release.json', import.meta.url), 'utf8')) as Release
}

export function migrationText(database: 'metadata' | 'aiproxy', name: string): string {
  return readFileSync(new URL(`migrations/${database}/${name}.sql`, import.meta.url), 'utf8')
}
