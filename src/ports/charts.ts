// Where charts come from: a directory of archives, a chart repository on the web, or an OCI registry.

export interface ChartEntry {
  name: string
  version: string
  appVersion: string
  annotations: Record<string, string>
  /** Publication time where the index knows it (ISO 8601). */
  created?: string
  /** SHA-256 of the archive in hex, where the index knows it. */
  digest?: string
}

export interface ChartArchive {
  entry: ChartEntry
  bytes: Uint8Array
  /** SHA-256 of `bytes` in hex; equal to the index's where that has one (else it throws `input-invalid`). */
  digest: string
}

export interface Charts {
  /** For messages. */
  readonly where: string
  /** Every version of one chart, in no particular order. Throws `store-unreadable` where the source does not answer. */
  list(chart: string, signal?: AbortSignal): Promise<ChartEntry[]>
  /** Throws `target-unknown` where there is no such version. */
  fetch(chart: string, version: string, signal?: AbortSignal): Promise<ChartArchive>
  /** Reads one archive that is a local file. */
  read(path: string): Promise<ChartArchive>
}
