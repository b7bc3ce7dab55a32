// pawl recover --from: what was found, and what will be made of it.
import { storeText } from '../../../core/store/spec.ts'
import type { SetFacts } from '../../../core/backup/set-facts.ts'
import type { FoundSet } from '../../../steps/lost/register.ts'
import { formatBytes, formatCount, formatTime, plural } from './format.ts'
import { cleanLine, paintWith } from './style.ts'
import { renderFields } from './table.ts'

export function renderLost(
  { release, namespace }: { release: string; namespace: string },
  where: string,
  { name, store, stored }: FoundSet,
  { product, installation }: SetFacts,
  colour: boolean,
): string {
  const paint = paintWith(colour)
  const proof = stored.proofs.at(-1)
  const databases = stored.databases.map(({ role, rows }) => `${role} (${formatCount(rows)} rows)`)
  const lines = [
    `${paint('bold', `${release} -n ${namespace}`)} comes back from ${cleanLine(where)}`,
    ...renderFields(
      [
        ['set', `${name}, taken ${formatTime(stored.finishedAt)}, ${formatBytes(stored.storedBytes)}`],
        [
          'proof',
          proof === undefined
            ? 'none: it was never shown that this set restores'
            : `${proof.rung}, ${formatTime(proof.at)}`,
        ],
        ['version', `${product.appVersion} (chart ${product.chartVersion}), profile ${installation.profile}`],
        ['databases', databases.join(', ')],
        ['store', `${storeText(store)} becomes the store of the installation`],
      ],
      paint,
    ),
    `What is made: the key, ${plural(stored.releaseFiles.length, 'file')} of the release, its Secrets and ConfigMaps, its objects with every Deployment at 0,`,
    "Helm's record. What is there already stays as it is. Then a recovery restores and compares every database, and starts the release.",
  ]
  return `${lines.join('\n')}\n`
}
