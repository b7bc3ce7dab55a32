// Two stores and one process: what stands in the way of copying from one to the other.
import { canonicalJson } from '../json.ts'
import { storeText, type StoreSpec } from './spec.ts'

/** A volume is reached by pods of its cluster only; everything else from where `pawl` runs. */
export function needsPod(stores: readonly StoreSpec[]): boolean {
  return stores.some(({ type }) => type === 'volume')
}

/** In words; undefined where one process can reach both. */
export function whyNotTogether(from: StoreSpec, to: StoreSpec): string | undefined {
  const stores = [from, to]
  if (canonicalJson(from) === canonicalJson(to)) return `${storeText(from)} is where the set is`
  if (!needsPod(stores)) return undefined
  const here = stores.find(({ type }) => type === 'directory')
  if (here === undefined) return undefined
  const volume = stores.find(({ type }) => type === 'volume') ?? from
  return `only pods of the cluster reach ${storeText(volume)}, and none of them reaches ${storeText(here)} of this machine`
}
