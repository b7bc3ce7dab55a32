// How much memory a restore lets the server use for each index that it builds (maintenance_work_mem).

const MB = 1024 * 1024
/** What merging takes for each sorted run; https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/sort/tuplesort.c */
const BYTES_PER_RUN = 264 * 1024
const LEAST = 16
const MOST = 128

/**
 * In MB, for a database of so many bytes: enough to merge all runs at once if all of it were one index, and not much more. What the
 * processors' caches hold is sorted faster than what they do not, and everything else that is at work wants them too.
 */
export function sortMegabytes(databaseBytes: number): number {
  const enough = Math.ceil(Math.sqrt(databaseBytes * BYTES_PER_RUN) / MB)
  return Math.min(MOST, Math.max(LEAST, enough))
}
