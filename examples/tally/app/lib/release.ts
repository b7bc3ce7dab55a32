// Says which release this image is, and which migrations it expects in each of its two databases.
import { readFileSync } from 'node:fs'

/** Contents of release.json, which the image build puts beside the programs (see build/context.ts). */
export type Release = {
  /** CalVer, equal to the chart's appVersion. */
  readonly appVersion: string
  /** Migration names in order, without the leading slash that db-migrate records. */
  readonly ledger: readonly string[]
  readonly assist: readonly string[]
  /** A file the release needs and, in one broken release, does not ship: its ledger-api never becomes ready. */
  readonly requiredFile?: string
}

/**
 * Reads release.json beside the programs, or the file named by TALLY_RELEASE_FILE.
 * @throws when the file is missing or is no release description.
 */
export function loadRelease(env: NodeJS.ProcessEnv): Release {
  const file = env['TALLY_RELEASE_FILE'] ?? new URL('../release.json', import.meta.url)
  return parseRelease(JSON.parse(readFileSync(file, 'utf8')))
}

/** @throws when a field is missing or has the wrong type. */
export function parseRelease(input: unknown): Release {
  if (typeof input !== 'object' || input === null) throw new Error('release.json: not an object')
  const { appVersion, ledger, assist, requiredFile } = input as Record<string, unknown>
  if (typeof appVersion !== 'string') throw new Error('release.json: appVersion missing')
  return {
    appVersion,
    ledger: names(ledger, 'ledger'),
    assist: names(assist, 'assist'),
    ...(typeof requiredFile === 'string' ? { requiredFile } : {}),
  }
}

function names(input: unknown, field: string): string[] {
  if (!Array.isArray(input) || !input.every((name) => typeof name === 'string')) {
    throw new Error(`release.json: ${field} must be a list of migration names`)
  }
  return input
}
