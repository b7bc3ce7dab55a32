// pawl recover --from: what was found, and what will be made of it.
import { storeText } from '../../../core/store/spec.ts'
import type { SetFacts } from '../../../core/backup/set-facts.ts'
import { refutationIn, rungOfProofs } from '../../../core/backup/rung.ts'
import type { FoundSet } from '../../../steps/lost/register.ts'
import type { Chosen } from '../stored-sets.ts'
import { formatBytes, formatCount, formatTime, plural } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { renderFields } from './table.ts'

export function renderLost(
  { release, namespace }: { release: string; namespace: string },
  where: string,
  { name, store, stored, refuted }: FoundSet & Pick<Chosen, 'refuted'>,
  { product, installation }: SetFacts,
  colour: boolean,
): string {
  const paint = paintWith(colour)
  const [proof, failed] = [stored.proofs.at(-1), refutationIn(stored.proofs)]
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
            : failed === undefined
              ? `${rungOfProofs(stored.proofs)}, ${formatTime(proof.at)}`
              : `failed, ${formatTime(failed.at)}: ${cleanLine(failed.why)}`,
        ],
        ['version', `${product.appVersion} (chart ${product.chartVersion}), profile ${installation.profile}`],
        ['databases', databases.join(', ')],
        ['store', `${storeText(store)} becomes the store of the installation`],
      ],
      paint,
    ),
    ...refuted.map(
      (one) =>
        `${mark(paint, 'warn')} ${one.name} is newer; a proof of it, ${formatTime(one.at)}, failed: ${cleanLine(one.why)}`,
    ),
    `What is made: the key, ${plural(stored.releaseFiles.length, 'file')} of the release, its Secrets and ConfigMaps, its objects with every Deployment at 0,`,
    "Helm's record. What is there already stays as it is. Then a recovery restores and compares every database, and starts the release.",
  ]
  return `${lines.join('\n')}\n`
}
