// The witness beside an installation: test equipment, not part of the product.
import { setTimeout as sleep } from 'node:timers/promises'
import { witnessManifest } from '../../examples/tally/build.ts'
import { kubectl, type Lab } from './lab.ts'

const PATIENCE_MS = 120_000

/** What bound the guard to a namespace of the same name is collected some seconds after it, and nothing may start there until then. */
export async function startWitness(lab: Lab, namespace: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    try {
      await kubectl(lab, ['apply', '-n', namespace, '-f', '-'], witnessManifest(lab.cluster.registry))
      return
    } catch (error) {
      if (!String(error).includes('no params found for policy binding') || Date.now() > deadline) throw error
      await sleep(1000)
    }
  }
}
