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

/** Suffixes of databases that a recovery makes and keeps; short, because PostgreSQL cuts names at 63 bytes. */
export function databaseSuffixes(id: string): { fresh: string; kept: string } {
  const compact = id.replaceAll(/[^a-z0-9]/g, '')
  return { fresh: `__pawl_new_${compact}`, kept: `__pawl_old_${compact}` }
}
