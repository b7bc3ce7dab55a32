// pawl unlock: what was found pending, and what came of it.
import type { Stuck } from '../../../steps/release/unlock.ts'
import { cleanLine } from './style.ts'

export function renderStuck(found: Stuck | undefined, unlocked: boolean): string {
  if (found === undefined) return 'No Helm operation is pending: nothing to do.\n'
  const { record, deployed, applied } = found
  if (unlocked) return `Revision ${record.revision} is marked as failed. Helm and "pawl upgrade" can go on from here.\n`
  const before =
    deployed === undefined
      ? 'Nothing of this release was ever deployed.'
      : `Deployed before it: revision ${deployed.revision}, ${deployed.appVersion} (chart ${deployed.chartVersion}).`
  const pods =
    applied.length === 0
      ? ['No pod runs anything else: nothing of the pending revision has reached them.']
      : ['Something of the pending revision was applied; a plan will say so until it is settled:', ...applied]
  return `${[`Revision ${record.revision} is ${record.status}, and nobody works on it any more.`, before, ...pods].map(cleanLine).join('\n')}\n`
}
