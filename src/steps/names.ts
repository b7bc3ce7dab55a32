// Names that steps give to things outside: derived from the run, so that doing a step again finds what it did before.

/** The part of a run's name that is its id: `tally-20261123-171500-k3f9` -> `20261123-171500-k3f9`. */
export function runId(run: string, release: string): string {
  return run.startsWith(`${release}-`) ? run.slice(release.length + 1) : run
}

/** Secret with the files of an upgrade: target chart, values files in order. Written with the Run. */
export function runFilesSecret(run: string): string {
  return `pawl-run-${run}`
}

/** Secret with the recovery pair's half that is not data: chart, values and record of the release that was backed up. */
export function releaseFilesSecret(set: string): string {
  return `pawl-set-${set}`
}

/** Directory of a set in the store. */
export function setDirectory(namespace: string, release: string, set: string): string {
  return `${namespace}/${release}/${set}`
}

/** What stands in a Helm record's description, so that it says which run and step made it. */
export function recordMark(run: string, step: string): string {
  return `pawl ${run} ${step}`
}

/** The run that wrote a Helm record, by the record's description; `undefined` where somebody else did. */
export function runOfMark(description: string): string | undefined {
  return /^pawl (\S+) \S+$/.exec(description)?.[1]
}

/** Marks Jobs that migrate; its value is the database's role. */
export const MIGRATOR_LABEL = 'pawl.dev/migrates'

interface DatabaseSuffixes {
  /** What a recovery restores into. */
  fresh: string
  /** What it replaces. */
  kept: string
  /**
   * A staged copy that turned out to be something else than its set, and was replaced as well: one name for each time it did within one
   * recovery.
   */
  altered: readonly string[]
  /** The copy that the proof of the set of this name leaves. */
  staged: string
}

/** Suffixes of databases beside the live ones, by the id of a run or the name of a set; short, because PostgreSQL cuts names at 63 bytes. */
export function databaseSuffixes(id: string): DatabaseSuffixes {
  const compact = id.replaceAll(/[^a-z0-9]/g, '')
  const named = (what: string): string => `__pawl_${what}_${compact}`
  const altered = ['alt', 'al2', 'al3', 'al4', 'al5'].map(named)
  return { fresh: named('new'), kept: named('old'), altered, staged: named('set') }
}
