// How hard data work may press on the server, the store and the network: as whoever began it asked.

export interface Effort {
  /** Connections that read or write at once; absent: by the processors there are. */
  jobs?: number
  /** Bytes a second that may be read from or written to the store, all databases together; absent: as fast as it goes. */
  maxRate?: number
}

export const MOST_JOBS = 64
/** Less than this is a slip of the pen: a gigabyte would take four hours. */
export const LEAST_RATE = 64 * 1024

const DEFAULT_MOST_JOBS = 4

/** With one connection nothing overlaps; with many a server that others work on is pressed. */
export function jobsFor({ jobs }: Effort, processors: number): number {
  return jobs ?? Math.min(DEFAULT_MOST_JOBS, Math.max(2, processors))
}

/** As options of the command line. */
export function effortArguments({ jobs, maxRate }: Effort): string[] {
  return [
    ...(jobs === undefined ? [] : ['--jobs', String(jobs)]),
    ...(maxRate === undefined ? [] : ['--max-rate', String(maxRate)]),
  ]
}
